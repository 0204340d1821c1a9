import { restoreTopicRecords } from '@leftfold/subscriptions';
import type {
  Behind,
  Codec,
  Cursor,
  KeptRecord,
  Lane,
  Reader,
  RecordPlace,
  Source,
  SourceRecord,
} from '@leftfold/subscriptions';
import type { KafkaClient } from './client.ts';
import { cursorOffset, parsePlace } from './cursor.ts';
import type { KafkaOptions } from './options.ts';
import { recordsBehind } from './records-behind.ts';
import { SourceCounts } from './source-counts.ts';
import { topicLane } from './topic-lane.ts';
import type { Topics } from './topics.ts';
import { WatermarkReader } from './watermarks.ts';

/**
 * The declared topics as a source, one lane a partition: what does not depend on how a client hands partitions over. Places are offsets with the relay's own numbers
 * beside them, the same for every client, so that a follower may change its client.
 */
export abstract class TopicSource implements Source<SourceRecord> {
  readonly name: string;
  abstract readonly ownership: Source['ownership'];
  /** What happened since this process began. */
  readonly counts: SourceCounts = new SourceCounts();
  protected readonly topics: Topics;
  protected readonly watermarks: WatermarkReader;
  /** Private at run time too: they hold secrets, and a source may be printed. */
  readonly #options: KafkaOptions;

  constructor(client: KafkaClient, topics: Topics, options: KafkaOptions) {
    this.name = `kafka ${topics.declared.map(({ name }) => name).join(', ')}`;
    this.topics = topics;
    this.#options = options;
    this.watermarks = new WatermarkReader(client, topics);
  }

  protected get options(): KafkaOptions {
    return this.#options;
  }

  abstract run(reader: Reader<SourceRecord>, signal: AbortSignal): Promise<void>;

  head(): Promise<ReadonlyMap<Lane, Cursor>> {
    return this.watermarks.head();
  }

  async behind(places: ReadonlyMap<Lane, Cursor | 'start'>): Promise<ReadonlyMap<Lane, Behind>> {
    return recordsBehind(await this.watermarks.all(), places);
  }

  restore(kept: readonly KeptRecord[], signal?: AbortSignal): Promise<readonly SourceRecord[]> {
    return restoreTopicRecords(this.#options.codec, kept, signal);
  }

  hasPassed(cursor: Cursor | 'start', head: Cursor): boolean {
    return cursorOffset(cursor) >= cursorOffset(head);
  }

  reached(places: ReadonlyMap<Lane, Cursor | 'start'>, topic: string, partition: number): RecordPlace | 'start' {
    const cursor = places.get(topicLane(topic, partition)) ?? 'start';
    return cursor === 'start' ? 'start' : parsePlace(cursor).last;
  }

  /** What reading a lane needs beside its place. */
  protected reading(reader: Reader<SourceRecord>): {
    readonly reader: Reader<SourceRecord>;
    readonly watermarks: WatermarkReader;
    readonly codec: Codec;
    readonly onSeen: (count: number) => void;
  } {
    const { watermarks, options, counts } = this;
    return { reader, watermarks, codec: options.codec, onSeen: (count) => counts.seen(count) };
  }

  /** Whether Kafka is told how far the reader has come: not of a bounded reading, which has no place that lasts. */
  protected tells({ until }: Reader<SourceRecord>): boolean {
    return until === undefined && this.options.commitOffsets !== false;
  }
}
