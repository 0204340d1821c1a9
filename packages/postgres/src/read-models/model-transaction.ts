import type { Claim, ModelPart, ModelTransaction, OwnTables, RowTable } from '@leftfold/subscriptions';
import type { OpenTransaction } from '../database.ts';
import { shortenMove } from '../checkpoints/move-checkpoint.ts';
import { prepared, unprepared } from '../statement.ts';
import { parkedWriter } from '../parked/parked-writer.ts';
import { parkedStatements, type ParkedStatements } from '../parked/parked-statements.ts';
import { aheadNotes, type AheadNotes } from './applied-ahead.ts';
import { modelTable, type ModelTable } from './model-table.ts';
import { ownSchema } from './own-tables.ts';
import { OwnTransaction } from './own-transaction.ts';
import { MergedRows } from './merged-rows.ts';
import { doMerged, type RowsAsked } from './merged-work.ts';
import { readRows, type ReadRows } from './read-rows.ts';
import { PartFailed } from './shared-parts.ts';
import { TransactionSettings } from './transaction-settings.ts';
import { writeRows, type WriteRows } from './write-rows.ts';

/** What is made of definitions and of the log's schema, once. */
export interface ModelAccess {
  /** Unquoted. */
  readonly schema: string;
  readonly parked: ParkedStatements;
  readonly ahead: AheadNotes;
  readonly shortenMove: ReturnType<typeof shortenMove>;
  readonly merged: MergedRows;
  table(table: RowTable): TableAccess;
}
export interface TableAccess {
  readonly model: ModelTable;
  readonly read: ReadRows;
  readonly write: WriteRows;
}

export function modelAccess(schema: string): ModelAccess {
  const known = new WeakMap<RowTable, TableAccess>();
  const accessOf = (table: RowTable): TableAccess => {
    let access = known.get(table);
    if (access === undefined) {
      const model = modelTable(schema, table);
      access = { model, read: readRows(model, prepared), write: writeRows(model, prepared) };
      known.set(table, access);
    }
    return access;
  };
  return {
    schema,
    parked: parkedStatements(schema),
    ahead: aheadNotes(schema),
    shortenMove: shortenMove(schema),
    merged: new MergedRows((table) => accessOf(table).model),
    table: accessOf,
  };
}

/**
 * Looks at deferred constraints as COMMIT will, which does not say whose rows it is about: there the lane would stop. Taken back at once, so that they stay deferred for what comes behind, and what their triggers do is
 * done once.
 */
const CHECK_DEFERRED = unprepared(
  'savepoint leftfold_check; set constraints all immediate; rollback to savepoint leftfold_check; release savepoint leftfold_check',
);

/** An open transaction as followers share it, one after the other. */
export class SharedTransaction {
  readonly #tx: OpenTransaction;
  readonly #access: ModelAccess;
  readonly #settings: TransactionSettings;

  /** @param set `'rows'` after a move of checkpoints, which sets that */
  constructor(tx: OpenTransaction, access: ModelAccess, set: 'rows' | 'nobody') {
    this.#tx = tx;
    this.#access = access;
    this.#settings = new TransactionSettings(tx, set);
  }

  /**
   * What one follower does in it. When that has ended nothing of it goes on: statements that nobody awaited have been waited for, later ones are refused.
   * @param rows how rows are asked for, where that is done for several followers at once; in an attempt the follower asks for them itself
   */
  async work<T>(claim: Claim, work: (tx: ModelTransaction) => Promise<T>, rows?: RowsAsked): Promise<T> {
    const own = new Map<string, OwnTransaction>();
    const settle = async (): Promise<void> => {
      for (const each of own.values()) await each.settle();
    };
    try {
      const result = await work(this.#transaction(claim, own, settle, rows));
      await settle();
      this.#tx.assertSound();
      return result;
    } catch (error) {
      await settle();
      // What came after the first failure says only that there was one.
      if ((error as { readonly code?: unknown }).code === 'LF_TRANSACTION_ABORTED') this.#tx.assertSound();
      throw error;
    } finally {
      for (const each of own.values()) each.close();
    }
  }

  /**
   * What several followers do in it, their rows read and written together.
   * @throws {@link PartFailed} for the first that fails · the failure of a statement that was for several
   */
  async workTogether(parts: readonly ModelPart[]): Promise<void> {
    const together = this.#access.merged.together(
      this.#tx,
      parts.map(({ claim }) => claim.follower),
    );
    await doMerged(
      parts.map((part) => (rows) => this.work(part.claim, part.work, rows)),
      async (asks) => {
        await this.#settings.forRows();
        return together(asks);
      },
      (index, error) => new PartFailed(parts[index] as ModelPart, error),
    );
  }

  #transaction(
    claim: Claim,
    own: Map<string, OwnTransaction>,
    settle: () => Promise<void>,
    rows?: RowsAsked,
  ): ModelTransaction {
    const [tx, access, settings] = [this.#tx, this.#access, this.#settings];
    let attempts = 0;
    return {
      read: async (table, keys, { lock }) => {
        if (rows !== undefined && lock && attempts === 0) return rows.read(table, keys);
        await settings.forRows();
        return access.table(table).read(tx, keys, lock);
      },
      write: async (table, changes) => {
        if (rows !== undefined && attempts === 0) return rows.write(table, changes);
        await settings.forRows();
        await access.table(table).write(tx, changes);
      },
      own: (tables) => this.#own(own, tables).db,
      parked: parkedWriter(tx, access.parked, claim),
      attempt: async (work) => {
        const takeBack = settings.mark();
        attempts += 1;
        try {
          return await tx.attempt(async () => {
            try {
              const result = await work();
              await settle();
              await tx.query(CHECK_DEFERRED);
              return result;
            } finally {
              await settle();
            }
          });
        } catch (error) {
          takeBack();
          throw error;
        } finally {
          attempts -= 1;
        }
      },
      endAt: (place) => access.shortenMove(tx, claim, place),
      forgetAhead: (notes) => access.ahead.forget(tx, claim, notes),
    };
  }

  #own(known: Map<string, OwnTransaction>, tables: OwnTables): OwnTransaction {
    const schema = ownSchema(this.#access.schema, tables);
    const [tx, settings] = [this.#tx, this.#settings];
    let own = known.get(schema);
    if (own === undefined) {
      own = new OwnTransaction({
        driver: tx.driver,
        run: async (query) => {
          await settings.forOwn(schema);
          return tx.run(query);
        },
      });
      known.set(schema, own);
    }
    return own;
  }
}
