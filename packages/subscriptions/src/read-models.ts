import { LeftfoldError, type StreamId, type StreamVersion } from '@leftfold/core';
import type { Claim, Move } from './checkpoints.ts';
import type { ParkedWriter } from './parked.ts';
import type { RowTable } from './projection/row-table.ts';
import type { Cursor } from './source.ts';

/** A row in memory form, by column name: what folds see, without the columns the framework keeps. */
export type Row = { readonly [column: string]: unknown };
/** Names a row of a table. */
export interface RowKey {
  readonly tenant: string;
  /** Value of the key column, as text. */
  readonly key: string;
}
/** What a table knows of a key. */
export interface KeptRow {
  /** `null`: there is no row. */
  readonly row: Row | null;
  /** For rows that belong to one stream: its version at the last event folded, also after a delete. 0 when never seen. */
  readonly streamVersion: bigint;
}
/** What becomes of one key. */
export interface RowChange extends RowKey {
  /** `null`: deleted. */
  readonly row: Row | null;
  readonly streamVersion: bigint;
  /** What {@link ModelTransaction.read} had said: the write fails with {@link RowRaced} where a row believed absent is there. */
  readonly existed: boolean;
}

/**
 * Another owner was first: it wrote a row believed absent, or deleted one that was waited for. Nothing of this transaction is kept; run the batch again. Never leaves the projector.
 * `LF_ROW_RACED`
 */
export class RowRaced extends LeftfoldError {
  readonly code = 'LF_ROW_RACED' as const;
  readonly retryable = true as const;

  constructor(table: string) {
    super(`another owner wrote a row of ${table} that this batch believed otherwise; the batch is run again`);
  }
}

/** Tables that a projection makes and writes with statements of its own. */
export interface OwnTables {
  /** Of the projection, e.g. `sales-by-sku`. */
  readonly projection: string;
  readonly version: number;
  /** Makes the tables, once, in a transaction and in the version's own schema. `db` is what {@link ModelTransaction.own} answers; its type is the adapter's. */
  readonly create: (db: never) => Promise<void>;
}
/** What a projection writes into. */
export type ModelTables = RowTable | OwnTables;

/** A transaction of a follower: what it does beside moving its checkpoint. */
export interface ModelTransaction {
  /**
   * The rows of these keys (distinct, any order), one statement. With `lock`, existing rows are locked in key order until the end of the transaction.
   * The answer has one entry per key asked for, in the same order.
   * @throws {@link RowRaced} with `lock`, where a row of one stream is deleted while it is waited for: what it left behind came too late for this read
   */
  read(table: RowTable, keys: readonly RowKey[], options: { readonly lock: boolean }): Promise<readonly KeptRow[]>;
  /** Writes these changes (distinct keys, any order) in key order: one statement for rows that stay, one for those that go. @throws {@link RowRaced} */
  write(table: RowTable, changes: readonly RowChange[]): Promise<void>;
  /**
   * The transaction as the adapter's own queries take it, its unqualified names those of these tables: for Postgres a Kysely `Transaction`. Not to be used after the work has ended.
   * @throws {@link DefinitionError} `LF_SQL_ELSEWHERE` on a storage that knows no such thing
   */
  own(tables: OwnTables): unknown;
  /** Parked events of this follower and lane. */
  readonly parked: ParkedWriter;
  /** Does a part of the work so that it can fail alone: when it rejects, nothing of it is kept, and the transaction goes on. Rejects as `work` does. One after the other. */
  attempt<T>(work: () => Promise<T>): Promise<T>;
  /** The checkpoint goes only so far, instead of to where {@link Move} says: what stands behind this place is left to a later transaction. To be called last. */
  endAt(place: Cursor): Promise<void>;
  /** Forgets what {@link ReadModels.aside} has noted for the lane: these notes, past whose events this transaction moves the checkpoint. Others stay, since they are of a larger batch. */
  forgetAhead(notes: readonly AppliedAhead[]): Promise<void>;
}

/** Up to which version a stream's events are applied, though the lane's checkpoint stands before them. */
export interface AppliedAhead {
  readonly tenant: string;
  readonly stream: StreamId;
  readonly streamVersion: StreamVersion;
}
/** An {@link AppliedAhead} to be noted, in place of the one that is noted now. */
export interface NoteAhead extends AppliedAhead {
  /** `null`: there is none. */
  readonly noted: StreamVersion | null;
}

/** What one of several followers does in a transaction that they share. */
export interface ModelPart {
  readonly claim: Claim;
  readonly move: Move;
  /** May be called more than once, each time from the beginning. */
  readonly work: (tx: ModelTransaction) => Promise<void>;
}

/** Tables of read models, in the same database as the checkpoints. */
export interface ReadModels {
  /** Makes the tables of this version if there are none, idempotent and safe when several processes do it at once. @throws `LF_ROW_TABLE_CHANGED` when a table of this version has other columns · `LF_READ_MODEL_FORBIDDEN` */
  prepare(tables: ModelTables): Promise<void>;
  /**
   * One transaction: first the checkpoint's move, under (expected cursor, epoch), then `work`; both are committed or neither.
   * @throws {@link LaneLost} before `work` is called, when the lane is not ours or the cursor not the saved one.
   * @throws whatever `work` throws, after rolling back. A lost connection is `LF_STORAGE_UNAVAILABLE`; whether it was committed shows in the checkpoint.
   */
  transaction<T>(claim: Claim, move: Move, work: (tx: ModelTransaction) => Promise<T>): Promise<T>;
  /**
   * The transactions of several followers as one: their moves in one statement, then each one's work. One that fails, or whose lane is lost, takes nothing of the others with it:
   * the answer has an outcome for each, in their order, as {@link transaction} would have had it. Followers are distinct.
   */
  transactions(parts: readonly ModelPart[]): Promise<readonly PromiseSettledResult<void>[]>;
  /**
   * What {@link aside} has noted for a lane: a batch was begun and its checkpoint not moved yet. To be asked after the claim; from then on the owner knows. Whoever goes on skips
   * these versions, whatever the next batch is cut to.
   */
  appliedAhead(claim: Claim): Promise<readonly AppliedAhead[]>;
  /**
   * A transaction beside the checkpoint's, one of several side by side: does a part of the batch that begins at `from`, under the owner's epoch, and notes with it up to which
   * version the streams of this part are applied. The checkpoint stays; a claim of the lane waits for the outcome, as for a move.
   * @throws {@link LaneLost} before `work` is called, when the lane is not ours, the cursor not the saved one, or something else is noted: then {@link appliedAhead} is asked again
   */
  aside(
    claim: Claim,
    from: Cursor | 'start',
    notes: readonly NoteAhead[],
    work: (tx: ModelTransaction) => Promise<void>,
  ): Promise<void>;
  /**
   * What queries read these tables with, bound to the version of each that `Versions.bound` says when a query runs: for Postgres a Kysely (see `readModels` there). Its type is
   * the adapter's own, so whoever injects it names it. Cheap; makes no table.
   */
  reader(tables: readonly ModelTables[]): unknown;
}
