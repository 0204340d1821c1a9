import type { Codec, PublishRecord, Source } from '@leftfold/subscriptions';

/** A topic of its own, empty at first, and sources that read it. */
export interface SourceUnderTest {
  readonly topic: string;
  /** As another process has it: each call gives a source with connections of its own. */
  readonly source: () => Source;
  /** Resolves when all of these stand in the topic, those of a partition in their order. */
  readonly publish: (records: readonly PublishRecord[]) => Promise<void>;
  /** Removes what stands before this offset, as retention does. */
  readonly deleteBelow?: (partition: number, offset: number) => Promise<void>;
  /** Deletes the topic and makes it anew, with nothing in it. */
  readonly recreate?: () => Promise<void>;
  readonly close: () => Promise<void>;
}
/** Makes one, whose records are of this codec. */
export type OpenSource = (partitions: number, codec?: Codec) => Promise<SourceUnderTest>;

/** Opens one for a case, and closes it whatever happens. */
export async function withSource(
  open: OpenSource,
  partitions: number,
  use: (under: SourceUnderTest) => Promise<void>,
  codec?: Codec,
): Promise<void> {
  const under = await open(partitions, codec);
  try {
    await use(under);
  } finally {
    await under.close();
  }
}
