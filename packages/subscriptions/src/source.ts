import type { Branded, Envelope, StoredEvent, StreamVersion, t } from '@leftfold/core';
import type { Behind, BehindOptions } from './observation/behind.ts';
import type { RawRecord } from './record/parse-record.ts';
import type { RecordMark } from './record/record-mark.ts';
import type { RecordPlace } from './record/recognition.ts';
import type { WithheldKey } from './withheld.ts';

/** Where a follower stands in one lane of one source: a snapshot window of the log, an offset and sequence of a partition. Opaque text; saved in the checkpoint. */
export type Cursor = Branded<string, 'Cursor'>;
/** What is owned and ordered as one: a set of partitions of the log, or one partition of a topic. */
export type Lane = Branded<string, 'Lane'>;

/**
 * What is kept of a record that cannot be dealt with yet, so that it can be later: its envelope, and what a topic holds of it as it came, bytes and all. `raw` null: it
 * is in the log, and is read there again, so that nothing that is erased there since stays here.
 */
export interface KeptRecord {
  readonly envelope: Envelope;
  readonly raw: (RawRecord & { readonly place: string }) | null;
}

/** One event of a source. Only what is handled is decoded. */
export interface SourceRecord extends Envelope {
  /** Absent where it is an event that was sent for the first time. One that is `'withheld'` or `'given-up'` stands for an event, cannot be decoded, and comes only to a reader that takes marks ({@link Reader.marks}). */
  readonly mark?: RecordMark;
  /** What is to be kept of it: see {@link Source.restore}. */
  keep(): KeptRecord;
  /**
   * The payload in memory form, resolved from the writer's schema to this one; the same rules for every source. Upcasting comes after.
   * @throws `LF_RECORD_UNDECODABLE` when the bytes are not what the writer's schema says.
   */
  decode(reader: t.AnySchema): unknown;
}
/** What the log has more than any source, and a relay needs. */
export interface LogRecord extends StoredEvent, SourceRecord {}

/** `records` is what stands between `from` and `to`, per stream in version order; it may be empty, when all that stood there was known already. */
export interface Batch<out R extends SourceRecord = SourceRecord> {
  readonly lane: Lane;
  readonly records: readonly R[];
  /** The `to` of the batch before, or what {@link Reader.from} answered. */
  readonly from: Cursor | 'start';
  /**
   * The same place as `from`, pinned: whoever reads on from here gets these very records first, in this order, whatever was committed meanwhile; the
   * batch may go on beyond them. A relay saves it, with the numbers it gives out, before it sends. Where `from` was pinned already, it is `from` itself.
   */
  readonly at: Cursor;
  readonly to: Cursor;
  /**
   * The place after the first `count` of the records, from 1 to one less than there are: whoever reads on from it gets the others first, in this order, whatever was committed
   * meanwhile; so a reader can deal with a part of a batch. Pure, made when it is asked for. Absent where a source has
   * places between batches alone: then slow batches are dealt with whole. The conformance suites ask for it.
   */
  after?(count: number): Cursor;
}

/** Who reads a source. */
export interface Reader<in R extends SourceRecord = SourceRecord> {
  /** Stable name of the follower: consumer group, logs. */
  readonly name: string;
  /**
   * Events of these types, and of these categories; with both an event must fit both. Names are as the log has them: of a type that was renamed the former
   * ones, too, as in `[...eventTypesByName([orderPlaced]).keys()]`.
   *
   * A log may leave out all others. Its batches join as ever: where nothing fits for long, empty ones carry the place along, so that it is not read again.
   * A broker hands over everything, but looks up no schema for what is not of these types: that must not be decoded.
   */
  readonly only?: { readonly types?: readonly string[]; readonly categories?: readonly string[] };
  /**
   * Where to end, by lane, as {@link Source.head} answers it: `run` resolves when what was handled has passed it on every lane that is named, at once
   * where the place that {@link from} answers has. A lane that is not named is not read. A broker hands over nothing beyond the end; a log little more,
   * if anything. Where the end is the `to` of another reader's batch, it ends in that very place, the same text; unless it began
   * in the midst of a window that reaches beyond.
   * Places are the reader's own, as ever: nothing is kept about a bounded reading, and nothing of it is left behind.
   *
   * The map is asked each time a lane has come to its end: whoever has moved the end on by then is read on to. An end that was told
   * before a log went on in a later generation says nothing any more: the lane tries again, each time as after a fault, until it is told anew.
   */
  readonly until?: ReadonlyMap<Lane, Cursor>;
  /**
   * Asked each time a lane is given to this reader, before anything of it is read, and again after a fault or a lost lane: the saved place. May
   * wait, e.g. until another owner's lease has lapsed; then nothing of this lane is read.
   */
  from(lane: Lane, signal: AbortSignal): Promise<Cursor | 'start'>;
  /**
   * Deals with a batch. Batches of one lane come one after the other, lanes side by side; the next batch of a lane may be fetched meanwhile, no
   * further. While this is pending the source keeps the lane (heartbeats). Rejecting makes the source ask {@link from} again: so reject only when the
   * saved place may have changed ({@link LaneLost}); a reader that cannot go on with a lane keeps this pending until `signal` aborts. Once it has
   * aborted, whether this resolves or rejects says nothing.
   */
  handle(batch: Batch<R>, signal: AbortSignal): Promise<void>;
  /**
   * The source could not read, or does not know what decoding needs yet, and tries again after `retryMs`; `retryMs` null: it will not try again on this lane
   * by itself (a gap, a foreign log).
   */
  faulted(lane: Lane | undefined, error: unknown, retryMs: number | null): void;
  /** The source reads again after {@link faulted}. Without it the next batch says so. */
  recovered?(lane: Lane | undefined): void;
  /** The lane was taken away; a pending {@link handle} of it has its signal aborted. */
  lost?(lane: Lane): void;
  /**
   * True: records that are no event sent for the first time are handed over like all others, marked ({@link SourceRecord.mark}), also of types that are not looked at;
   * no lane stops at one, and {@link settled} is not asked.
   */
  readonly marks?: boolean;
  /**
   * Asked before a lane stops at a withheld event of a type that is looked at (`LF_RECORD_WITHHELD`): true where it was redriven or given up later in the same
   * partition than `sequence`, so that it may be passed here. Absent: the lane stops. Rejects as a server's fault does; then it is tried again.
   */
  settled?(
    withheld: WithheldKey & { readonly streamVersion: StreamVersion; readonly sequence: number },
  ): Promise<boolean>;
}

/** A reader of the log. */
export type LogReader = Reader<LogRecord>;

/**
 * How a source is cut into lanes, where their number is a setting. A place says what was done of its lane's events alone, so it must not be gone on from
 * once the lanes are others.
 */
export interface Division {
  /** The place before everything of a lane, as a cursor: unlike `'start'` it says how many lanes there are. */
  beginning(lane: Lane): Promise<Cursor>;
  /** @throws `LF_LANES_CHANGED` when the cursor was saved with another number of lanes */
  check(cursor: Cursor): void;
}

/**
 * Where events come from. Each lane's batches join: `from` is the `to` before. Nothing is ever revealed before a cursor already given out, nothing
 * skipped: a gap in a partition's sequence, a changed partition count or log stops that lane with its code (`LF_GAP`, `LF_AHEAD_OF_LOG`, …), reported through
 * {@link Reader.faulted}. Faults of network and server are tried again with full-jitter backoff, for ever, each reported; so is a record whose schema cannot
 * be had yet, after what stands before it was handed over.
 */
export interface Source<out R extends SourceRecord = SourceRecord> {
  /** Its first word is the kind of source, saved with checkpoints and never changed, so that no follower is moved to another one unnoticed: `log`, `kafka …`. No address. */
  readonly name: string;
  /** `'leased'`: any number of readers may be given a lane at once, the checkpoint's lease decides. `'assigned'`: the source gives each lane to one reader. */
  readonly ownership: 'leased' | 'assigned';
  /** Absent where there is one lane, or the lanes are not ours to number (a broker's partitions). */
  readonly division?: Division;
  /** Reads until `signal` aborts, or until a bounded reader ({@link Reader.until}) has everything; then resolves when all handlers have ended. Rejects only for what concerns the source as a whole and cannot heal (wrong credentials). */
  run(reader: Reader<R>, signal: AbortSignal): Promise<void>;
  /** The end of every lane now: whoever has passed it has seen every event committed (for a broker: stored there) before this call. */
  head(): Promise<ReadonlyMap<Lane, Cursor>>;
  /**
   * Records that were kept, whole again, in the order given: by this source, or by a log another source's, since it has the events themselves. Looks up what decoding them needs.
   * @throws `LF_RECORD_GONE` when the log has no such event; a fault of the registry or the database as it is, to be tried again
   */
  restore(kept: readonly KeptRecord[], signal?: AbortSignal): Promise<readonly R[]>;
  /** True when a reader standing at `cursor` has everything that `head` covers. */
  hasPassed(cursor: Cursor | 'start', head: Cursor): boolean;
  /**
   * How much stands between these places and the end now, of every lane; of a lane without a place from its start. Asked by anybody, whether a reader runs or
   * not (hazard C12); never counts more than it is told. Absent where a source cannot tell.
   * @throws as reading from such a place would: `LF_CURSOR_INVALID`, `LF_OTHER_LOG`, …
   */
  behind?(places: ReadonlyMap<Lane, Cursor | 'start'>, options?: BehindOptions): Promise<ReadonlyMap<Lane, Behind>>;
  /**
   * How far places have come in one partition, by the relay's own numbers: the last record dealt with. Pure. Absent where there are no partitions.
   * @throws `LF_CURSOR_INVALID`
   */
  reached?(places: ReadonlyMap<Lane, Cursor | 'start'>, topic: string, partition: number): RecordPlace | 'start';
}
