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
  /** What it was written with. Events of one text share one object. */
  readonly schema: WriterSchema;
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

/** A unique key beyond the stream, as `['email', 'a@b.example']`. Compared byte by byte, so normalise it first. One space per tenant and name. */
export type UniqueKey = readonly [name: string, value: string];
/**
 * A key taken or given back by a stream, in the append's transaction. Taking one that the stream holds and giving back one that it does not hold change
 * nothing. Of one call everything is given back before anything is taken.
 */
export interface KeyChange {
  readonly stream: StreamRef;
  readonly change: 'reserve' | 'release';
  /** A name of 1 to 100 bytes and a value of 1 to 1,000, well-formed and without NUL: else `LF_UNIQUE_KEY_INVALID`. */
  readonly key: UniqueKey;
}

/** Outcomes are values; only faults throw. `versions` are the streams' versions afterwards, in the order of the appends. */
export type AppendOutcome =
  | {
      readonly kind: 'appended';
      readonly versions: readonly StreamVersion[];
      readonly token: ReadToken;
      /** These very events stood at these very places already: an earlier call with the same ids wrote them, now nothing was written. */
      readonly already: boolean;
    }
  /** Another stream holds this key. Nothing was written. */
  | { readonly kind: 'taken'; readonly key: UniqueKey; readonly by: StreamId }
  | {
      readonly kind: 'conflict';
      readonly stream: StreamId;
      /** Where it stood when it was refused; 0 when absent. */ readonly actual: StreamVersion;
    }
  /** This key was answered before: nothing was written now. Comparing the request's hash is the caller's. */
  | ({ readonly kind: 'replied' } & StoredReply);

/** What goes along with an append, in its transaction, and when it is given up. */
export interface AppendOptions {
  /** Stored also when there are no events. Checked before any expected version. */
  readonly reply?: NewReply;
  /** Unique keys that change hands with the append; also without events. */
  readonly keys?: readonly KeyChange[];
  /** Aborting before the append was sent rejects with the signal's reason; afterwards its outcome stands. */
  readonly signal?: Abort;
}

/** Which part of a stream is read, and in which order. */
export interface ReadOptions {
  /** Only what comes after this version. Default 0: from the first event. */
  readonly after?: StreamVersion;
  /** Only what comes up to this version, it included. Default: to the end. */
  readonly upTo?: StreamVersion;
  /** Newest first. Default false. */
  readonly backwards?: boolean;
  /** Most events, a whole number from 1. Default: all. With `backwards` the last ones. */
  readonly limit?: number;
  readonly signal?: Abort;
}

/** A folded state, stored beside its stream to spare reading all of it. Whatever is wrong with one: it is ignored, and the stream read whole. */
export interface StateSnapshot {
  /** Of the last event that is folded in. */
  readonly version: StreamVersion;
  /** The id of that event. A stream that holds another one there has another history, and the snapshot is none of it. */
  readonly lastEvent: EventId;
  /** JSON text. */
  readonly state: string;
}
/** Snapshots by stream and key; the key names the fold that made them, so that one fold never meets another's state. */
export interface Snapshots {
  find(stream: StreamRef, key: string, options?: { readonly signal?: Abort }): Promise<StateSnapshot | undefined>;
  /** Keeps it, unless one of a later version is kept under this key. Never inside a caller's transaction: an event that is rolled back must leave none. */
  save(stream: StreamRef, key: string, snapshot: StateSnapshot): Promise<void>;
}

/**
 * Holds streams. `append` is all or nothing over all its streams, keys and its reply: of k concurrent appends at one version exactly one is
 * `appended`, of k that reserve one key for different streams exactly one is, of k with one reply key exactly one is, the others are `replied`. A stream
 * may occur once in a call. It is idempotent by event id: the same events at the same place are `appended` with `already`; ids that stand in the
 * log in part, or elsewhere, are `LF_EVENT_ID_REUSED`. What is checked first is the reply's key, then the event ids, then expected versions, then
 * unique keys; a conflict that is certain may be told before the event ids were looked at, which then show at the retry. `read` yields a prefix of the stream in version order (or, backwards, of its end), without gaps, in pages; an absent stream yields none.
 * All may be called concurrently.
 *
 * Faults: `LF_EVENT_ID_REUSED`, `LF_STREAM_REPEATED` when a stream occurs twice, `LF_APPEND_TOO_LARGE`, `LF_APPEND_QUEUE_FULL`, `LF_UNIQUE_KEY_INVALID`,
 * `LF_STREAM_CATEGORY` (also of a read), `LF_LOCK_TIMEOUT`, `LF_SERIALIZATION`, `LF_OUTCOME_UNKNOWN`, `LF_STORAGE_UNAVAILABLE`; where projections are
 * applied with appends also `LF_INLINE_REFUSED`, `LF_SOURCE_CHANGED`, `LF_NEWER_EVENT`. After a fault other than
 * `LF_OUTCOME_UNKNOWN` nothing of the call is written.
 */
export interface EventStore {
  read(stream: StreamRef, options?: ReadOptions): AsyncIterable<readonly StoredEvent[]>;
  append(appends: readonly StreamAppend[], options?: AppendOptions): Promise<AppendOutcome>;
  /** The answer stored under a key, if there is one. */
  reply(key: ReplyKey, options?: { readonly signal?: Abort }): Promise<StoredReply | undefined>;
  /** Absent where a store keeps none, and inside a caller's transaction. */
  readonly snapshots?: Snapshots;
}
/**
 * A store that can work inside a transaction of the caller's: what it appends is committed, or not, with the rest of that transaction. One call at a
 * time per transaction. A conflict throws there (`LF_CONFLICT`), as does a key that is taken (`LF_UNIQUE_KEY_TAKEN`): only the caller can run the
 * transaction again. Neither that nor a repeated event id aborts it; what it did before still stands, and it may go on.
 */
export interface TransactionalEventStore<in Tx> extends EventStore {
  within(tx: Tx): EventStore;
}
