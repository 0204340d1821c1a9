import type { Lane } from '@leftfold/subscriptions';
import { topicLane } from './topic-lane.ts';
import type { TopicPartition } from './topic-lane.ts';

const EVERY_MS = 5_000;

/** Where a reader stands in a partition, by offset. */
export interface OffsetToCommit extends TopicPartition {
  /** Of the record to read next. */
  readonly offset: bigint;
}

/**
 * Tells Kafka now and then how far a reader has come, for tools that show the lag of consumer groups; nothing of ours ever reads it back. Told is what was
 * dealt with: it may be ahead of what a reader has saved, and is behind by some seconds. Best effort: a fault is counted, and the next time says more.
 */
export class LazyCommits {
  readonly #commit: (offsets: readonly OffsetToCommit[]) => Promise<void>;
  readonly #onFault: (error: unknown) => void;
  readonly #everyMs: number;
  readonly #untold: Map<Lane, OffsetToCommit> = new Map();
  #timer: NodeJS.Timeout | undefined;
  #telling: Promise<void> | undefined;

  constructor(
    commit: (offsets: readonly OffsetToCommit[]) => Promise<void>,
    onFault: (error: unknown) => void,
    everyMs: number = EVERY_MS,
  ) {
    this.#commit = commit;
    this.#onFault = onFault;
    this.#everyMs = everyMs;
  }

  /** Everything before this offset is dealt with. */
  handled({ topic, partition }: TopicPartition, offset: bigint): void {
    this.#untold.set(topicLane(topic, partition), { topic, partition, offset });
    this.#timer ??= setTimeout(() => void this.tell(), this.#everyMs).unref();
  }

  /** Tells what is not told yet. At a stop it is called once more. Never rejects. */
  async tell(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#telling;
    const offsets = [...this.#untold.values()];
    if (offsets.length === 0) return;
    this.#untold.clear();
    this.#telling = this.#commit(offsets).catch((error: unknown) => {
      // Unless it is known better by now, this is told the next time there is something to tell.
      for (const each of offsets) {
        const lane = topicLane(each.topic, each.partition);
        if (!this.#untold.has(lane)) this.#untold.set(lane, each);
      }
      this.#onFault(error);
    });
    await this.#telling;
  }

  /** The lane is somebody else's: what is untold of it is left to him. */
  forget(lane: Lane): void {
    this.#untold.delete(lane);
  }
}
