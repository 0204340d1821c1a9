import { LeftfoldError } from '@leftfold/core';
import type { Claim, Move } from './checkpoints.ts';
import type { RowTable } from './projection/row-table.ts';

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

/** A row believed absent was written meanwhile by another owner: nothing of this transaction is kept; run the batch again. Never leaves the projector. `LF_ROW_RACED` */
export class RowRaced extends LeftfoldError {
  readonly code = 'LF_ROW_RACED' as const;
  readonly retryable = true as const;

  constructor(table: string) {
    super(`another owner wrote a row of ${table} that this batch believed absent; the batch is run again`);
  }
}

/** The part of a model's transaction that a row projection calls. */
export interface ModelTransaction {
  /**
   * The rows of these keys (distinct, any order), one statement. With `lock`, existing rows are locked in key order until the end of the transaction.
   * The answer has one entry per key asked for, in the same order.
   */
  read(table: RowTable, keys: readonly RowKey[], options: { readonly lock: boolean }): Promise<readonly KeptRow[]>;
  /** Writes these changes (distinct keys, any order) in key order: one statement for rows that stay, one for those that go. @throws {@link RowRaced} */
  write(table: RowTable, changes: readonly RowChange[]): Promise<void>;
}

/** Tables of read models, in the same database as the checkpoints. */
export interface ReadModels {
  /** Makes the table of this version if there is none, idempotent and safe when several processes do it at once. @throws `LF_ROW_TABLE_CHANGED` when a table of this version has other columns. */
  prepare(table: RowTable): Promise<void>;
  /**
   * One transaction: first the checkpoint's move, under (expected cursor, epoch), then `work`; both are committed or neither.
   * @throws {@link LaneLost} before `work` is called, when the lane is not ours or the cursor not the saved one.
   * @throws whatever `work` throws, after rolling back. A lost connection is `LF_STORAGE_UNAVAILABLE`; whether it was committed shows in the checkpoint.
   */
  transaction<T>(claim: Claim, move: Move, work: (tx: ModelTransaction) => Promise<T>): Promise<T>;
  /**
   * What queries read these tables with, bound to their versions: for Postgres a Kysely (see `readModels` there). Its type is the adapter's own, so
   * whoever injects it names it. Cheap; makes no table.
   */
  reader(tables: readonly RowTable[]): unknown;
}
