import type {
  Abort,
  EventId,
  LogPosition,
  Metadata,
  ReadToken,
  StreamId,
  StreamRef,
  StreamVersion,
} from './message.ts';
import type { Json } from './schema.ts';

/** The Avro schema an event was written with. Kept in the log, one row per text; an id never changes its meaning. */
export interface WriterSchema {
  readonly type: string;
  readonly version: number;
  readonly fingerprint: string;
  readonly avro: Json;
}

/** An event ready for a store: JSON text, valid against its schema and its limits. A store never refuses a payload. */
export interface EncodedEvent {
  readonly id: EventId;
  readonly schema: WriterSchema;
  /** JSON text, at most 256 KiB. */
  readonly payload: string;
  /** Stays in the log. */
  readonly private: boolean;
  readonly metadata: Metadata;
}

/** What is known of a recorded event without decoding it. */
export interface Envelope {
  readonly id: EventId;
  readonly type: string;
  /** The version it was written with. */
  readonly version: number;
  readonly tenant: string;
  readonly stream: StreamId;
  readonly category: string;
  readonly key: string;
  readonly streamVersion: StreamVersion;
  readonly position: LogPosition;
  readonly recordedAt: Date;
  readonly metadata: Metadata;
}
/** An event as the log holds it. */
export interface StoredEvent extends Envelope {
  readonly payload: string;
  /** Names its {@link WriterSchema}. */
  readonly schemaId: number;
  /** Decided at append, by category. `null`: private. */
  readonly topic: string | null;
  /** 31-bit murmur2, as Java's client has it, of the Kafka key: the stream id, or `tenant/stream id`. Partition = hash mod count. */
  readonly hash: number;
}

/** What must hold for an append, under concurrency. A `StreamVersion`: exactly there. `'absent'`: no event yet. `'present'`: at least one. `'any'`: no check. */
export type Expectation = StreamVersion | 'absent' | 'present' | 'any';

/** Without events nothing is checked or locked; the version expected goes with the reply. A stream keeps the category of its first append (`LF_STREAM_CATEGORY`). */
export interface StreamAppend {
  readonly stream: StreamRef;
  readonly expect: Expectation;
  readonly events: readonly EncodedEvent[];
}

/** A unique key beyond the stream, e.g. `['email', 'a@b.ch']`. Compared byte by byte, so normalise it first. One space per tenant and name. */
export type UniqueKey = readonly [name: string, value: string];
/** A key taken or released for a stream. Taking one that the stream holds and releasing one that it does not hold change nothing. */
export interface KeyChange {
  readonly stream: StreamRef;
  readonly change: 'reserve' | 'release';
  readonly key: UniqueKey;
}

/** Outcomes are values; only faults throw. */
export type AppendOutcome =
  | {
      readonly kind: 'appended';
      readonly versions: readonly StreamVersion[];
      readonly token: ReadToken;
      /** The same ids stood there already. */ readonly already: boolean;
    }
  | { readonly kind: 'conflict'; readonly stream: StreamId; readonly actual: StreamVersion }
  | { readonly kind: 'taken'; /** Another stream holds it. */ readonly key: UniqueKey }
  | {
      readonly kind: 'replied';
      /** The stored answer of this idempotency key. */ readonly reply: string;
      /** Where its append had left the streams. */ readonly versions: readonly StreamVersion[];
      readonly token: ReadToken;
    };

/** An answer to be stored, in the same transaction. */
export interface StoredReply {
  readonly key: string;
  readonly requestHash: string;
  readonly reply: string;
  readonly keepMs: number;
}

export interface AppendOptions {
  /** Stored also when there are no events. */
  readonly reply?: StoredReply;
  readonly keys?: readonly KeyChange[];
  readonly signal?: Abort;
}

/**
 * Holds streams. `append` is all or nothing over all its streams, keys and its reply: of k concurrent appends at one version exactly one is
 * `appended`, and of k that reserve one key. `read` yields a prefix of the stream in version order, without gaps, in pages; an absent
 * stream yields none. All may be called concurrently.
 */
export interface EventStore {
  read(
    stream: StreamRef,
    options?: { readonly after?: StreamVersion; readonly signal?: Abort },
  ): AsyncIterable<readonly StoredEvent[]>;
  append(appends: readonly StreamAppend[], options?: AppendOptions): Promise<AppendOutcome>;
  /** The schema an event was written with; kept in memory. */
  schema(id: number): Promise<WriterSchema>;
}
/** A store that can work inside a transaction of the caller's. Conflicts then throw: only the caller can run the transaction again. */
export interface TransactionalEventStore<in Tx> extends EventStore {
  within(tx: Tx): EventStore;
}
