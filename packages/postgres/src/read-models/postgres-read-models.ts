import { LeftfoldError } from '@leftfold/core';
import type { ModelTransaction, ReadModels, RowTable } from '@leftfold/subscriptions';
import { moveCheckpoint } from '../checkpoints/move-checkpoint.ts';
import type { Database, Session } from '../database.ts';
import type { PgPool } from '../pool.ts';
import { modelTable, type ModelTable } from './model-table.ts';
import { prepareTable } from './prepare-table.ts';
import { rowTablesReader } from './read-models.ts';
import { readRows } from './read-rows.ts';
import { writeRows } from './write-rows.ts';

/**
 * The connection was lost around COMMIT. Nobody need guess: whoever claims the lane next waits for that transaction, and finds in the checkpoint
 * whether it was committed. `LF_STORAGE_UNAVAILABLE`
 */
class CommitUnanswered extends LeftfoldError {
  readonly code = 'LF_STORAGE_UNAVAILABLE' as const;
  readonly retryable = true as const;

  constructor(cause: unknown) {
    super(
      'the connection was lost around COMMIT; claim the lane again, its checkpoint says whether the batch was committed',
      {
        cause,
      },
    );
  }
}

/**
 * {@link ReadModels} in the log's database. A transaction of a batch is five round trips: BEGIN, the checkpoint's move, one read, one write, COMMIT.
 * The move comes first, so a zombie is sent away before it costs anything; its row stays locked, so nobody takes the lane over in between.
 * @param pool the database's own, for the Kysely that `reader` answers: queries want other types than the rest of this package.
 */
export function postgresReadModels(database: Database, pool: PgPool): ReadModels {
  const move = moveCheckpoint(database.schema);
  const access = accessOf(database.schema);
  return {
    prepare: async (table) => await prepareTable(database, access(table).model),
    async transaction(claim, to, work) {
      let isWorkDone = false;
      try {
        return await database.transaction(async (tx) => {
          await move(tx, claim, to);
          const result = await work(modelTransaction(tx, access));
          isWorkDone = true;
          return result;
        });
      } catch (error) {
        if (isWorkDone && error instanceof LeftfoldError && error.code === 'LF_OUTCOME_UNKNOWN') {
          throw new CommitUnanswered(error);
        }
        throw error;
      }
    },
    reader: (tables) => rowTablesReader(pool, database.schema, tables),
  };
}

/** What is made of a definition, once. */
interface Access {
  readonly model: ModelTable;
  readonly read: ReturnType<typeof readRows>;
  readonly write: ReturnType<typeof writeRows>;
}

function accessOf(schema: string): (table: RowTable) => Access {
  const known = new WeakMap<RowTable, Access>();
  return (table) => {
    let access = known.get(table);
    if (access === undefined) {
      const model = modelTable(schema, table);
      access = { model, read: readRows(model), write: writeRows(model) };
      known.set(table, access);
    }
    return access;
  };
}

function modelTransaction(tx: Session, access: (table: RowTable) => Access): ModelTransaction {
  return {
    read: (table, keys, { lock }) => access(table).read(tx, keys, lock),
    write: (table, changes) => access(table).write(tx, changes),
  };
}
