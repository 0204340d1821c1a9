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
import type { Json } from './schema/schema.ts';

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

/** Events for one stream. Without events nothing is checked or locked. A stream keeps the category of its first append (`LF_STREAM_CATEGORY`). */
export interface StreamAppend {
  readonly stream: StreamRef;
  readonly expect: Expectation;
  readonly events: readonly EncodedEvent[];
}

/** Names a stored answer. One space per tenant. */
export interface ReplyKey {
  readonly tenant: string;
  /** At most 512 bytes. */
  readonly key: string;
}
/** An answer to be stored, in the same transaction as the events. */
export interface NewReply extends ReplyKey {
  /** Of the request that this answers: another request with the same key is told apart by it. */
  readonly requestHash: string;
  /** JSON text. */
  readonly reply: string;
  /** How long it is found at least, from 1 second; a store may trim it afterwards. */
  readonly keepMs: number;
}
/** A stored answer, with what its append left behind. */
export interface StoredReply {
  readonly requestHash: string;
  readonly reply: string;
  /** Where its append had left the streams; for a stream without events, where the caller said it stood. */
  readonly versions: readonly StreamVersion[];
  readonly token: ReadToken;
}

/** Outcomes are values; only faults throw. `versions` are the streams' versions afterwards, in the order of the appends. */
export type AppendOutcome =
  | { readonly kind: 'appended'; readonly versions: readonly StreamVersion[]; readonly token: ReadToken }
  | {
      readonly kind: 'conflict';
      readonly stream: StreamId;
      /** Where it stood when it was refused; 0 when absent. */ readonly actual: StreamVersion;
    }
  /** This key was answered before: nothing was written now. Comparing the request's hash is the caller's. */
  | ({ readonly kind: 'replied' } & StoredReply);

export interface AppendOptions {
  /** Stored also when there are no events. Checked before any expected version. */
  readonly reply?: NewReply;
  /** Aborting before the append was sent rejects with the signal's reason; afterwards its outcome stands. */
  readonly signal?: Abort;
}

/**
 * Holds streams. `append` is all or nothing over all its streams and its reply: of k concurrent appends at one version exactly one is
 * `appended`, of k with one reply key exactly one is, the others are `replied`. A stream may occur once in a call. `read` yields a prefix of the
 * stream in version order, without gaps, in pages; an absent stream yields none. All may be called concurrently.
 *
 * Faults: `LF_EVENT_ID_REUSED` when an event's id stands in the log already, `LF_STREAM_REPEATED` when a stream occurs twice, `LF_APPEND_TOO_LARGE`,
 * `LF_STREAM_CATEGORY` (also of a read), `LF_LOCK_TIMEOUT`, `LF_SERIALIZATION`, `LF_OUTCOME_UNKNOWN`, `LF_STORAGE_UNAVAILABLE`. After a fault other than `LF_OUTCOME_UNKNOWN` nothing of the call is written.
 */
export interface EventStore {
  read(
    stream: StreamRef,
    options?: { readonly after?: StreamVersion; readonly signal?: Abort },
  ): AsyncIterable<readonly StoredEvent[]>;
  append(appends: readonly StreamAppend[], options?: AppendOptions): Promise<AppendOutcome>;
  /** The answer stored under a key, if there is one. */
  reply(key: ReplyKey, options?: { readonly signal?: Abort }): Promise<StoredReply | undefined>;
  /** The schema an event was written with; kept in memory. @throws `LF_SCHEMA_UNKNOWN` when the log never gave out this id. */
  schema(id: number): Promise<WriterSchema>;
}
/**
 * A store that can work inside a transaction of the caller's: what it appends is committed, or not, with the rest of that transaction, and a
 * conflict is returned as ever without aborting it. One call at a time per transaction.
 */
export interface TransactionalEventStore<in Tx> extends EventStore {
  within(tx: Tx): EventStore;
}
