import { EventEmitter, once } from 'node:events';
import type { Lane, PublishRecord } from '@leftfold/subscriptions';

/** The partitions of all topics, each a list of records; the index is the offset. A topic is made when it is first named. */
export class MemoryTopics {
  /** Of each topic. */
  readonly partitionCount: number;
  readonly #partitions = new Map<Lane, PublishRecord[]>();
  readonly #topics = new Set<string>();
  readonly #changes = new EventEmitter().setMaxListeners(0);

  constructor(partitionCount: number) {
    this.partitionCount = partitionCount;
  }

  /** All partitions, those of older topics first. */
  get lanes(): readonly Lane[] {
    return [...this.#partitions.keys()];
  }
  make(topic: string): void {
    if (this.#topics.has(topic)) return;
    this.#topics.add(topic);
    for (let partition = 0; partition < this.partitionCount; partition++)
      this.#partitions.set(laneOf(topic, partition), []);
    this.#changes.emit('topic');
  }
  /** Adds records to one partition, after what stands there. */
  add(lane: Lane, records: readonly PublishRecord[]): void {
    this.#partitions.get(lane)?.push(...records.map(kept));
    this.#changes.emit(lane);
  }
  /** The records of a partition; of one that is not there, none. */
  records(lane: Lane): readonly PublishRecord[] {
    return this.#partitions.get(lane) ?? [];
  }

  /** Calls `listener` after a topic was made, until the signal aborts. */
  onTopic(listener: () => void): void {
    this.#changes.on('topic', listener);
  }
  /** Resolves when the partition holds a record at this offset, or when `signal` aborts. */
  async reached(lane: Lane, offset: number, signal: AbortSignal): Promise<void> {
    while (this.records(lane).length <= offset && !signal.aborted)
      await once(this.#changes, lane, { signal }).catch(() => {});
  }
}

/** The lane of a partition: `<topic>/<partition>`. */
export const laneOf = (topic: string, partition: number): Lane => `${topic}/${partition}` as Lane;

const kept = (record: PublishRecord): PublishRecord =>
  Object.freeze({ ...record, value: Uint8Array.from(record.value), headers: Object.freeze({ ...record.headers }) });
