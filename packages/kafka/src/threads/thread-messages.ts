import type { PartitionOutcome } from '@leftfold/subscriptions';
import type { KafkaOptions } from '../options.ts';
import type { CrossingError } from './crossing-error.ts';
import type { PackedRecords } from './packed-records.ts';

/** Names a publisher to its threads. */
export type PublisherId = number;

/** What a thread is told. The first that names a publisher opens it there. */
export type ToThread =
  | { readonly kind: 'publish'; readonly publisher: PublisherId; readonly records: PackedRecords }
  | { readonly kind: 'abort'; readonly publisher: PublisherId; readonly reason: CrossingError }
  | { readonly kind: 'close'; readonly publisher: PublisherId };

/** What a thread answers: once to each `publish`, once to each `close`. */
export type FromThread =
  | {
      readonly kind: 'outcome';
      readonly publisher: PublisherId;
      readonly outcome: readonly CrossingOutcome[];
      /** Producers that were replaced since the thread opened the publisher. */
      readonly replacements: number;
    }
  | { readonly kind: 'failed'; readonly publisher: PublisherId; readonly error: CrossingError }
  | { readonly kind: 'closed'; readonly publisher: PublisherId };

/** An outcome whose cause has crossed. */
export type CrossingOutcome = PartitionOutcome extends infer O
  ? O extends { readonly cause: unknown }
    ? Omit<O, 'cause'> & { readonly cause: CrossingError }
    : O
  : never;

/** What a thread makes its own client of. */
export type ThreadOptions = Omit<KafkaOptions, 'codec'>;
