import { LeftfoldError } from '@leftfold/core';
import { ReadModelForbidden } from '@leftfold/subscriptions';
import type { FollowerId, ModelPart, ReadModels, Versions } from '@leftfold/subscriptions';
import { moveCheckpoint, moveCheckpoints } from '../checkpoints/move-checkpoint.ts';
import type { Database, OpenTransaction } from '../database.ts';
import { lacksPrivilege } from '../driver-fault.ts';
import type { PgPool } from '../pool.ts';
import { modelAccess, SharedTransaction } from './model-transaction.ts';
import { prepareOwn } from './own-tables.ts';
import { prepareTable } from './prepare-table.ts';
import { rowTablesReader } from './read-models.ts';
import { postgresVersions } from '../versions/postgres-versions.ts';
import { PartFailed, runParts } from './shared-parts.ts';

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
 * @param fedHere versions that every append of this process feeds, so that they count as fed for its queries
 */
export function postgresReadModels(
  database: Database,
  pool: PgPool,
  versions: Pick<Versions, 'register'> = postgresVersions(database),
  fedHere: readonly FollowerId[] = [],
): ReadModels {
  const move = moveCheckpoint(database.schema);
  const moveAll = moveCheckpoints(database.schema);
  const access = modelAccess(database.schema);
  /** Of these parts, in one transaction. Answers those whose lane is not theirs any more, which were left out. */
  const inOne = (
    parts: readonly ModelPart[],
    work: (shared: SharedTransaction, ours: readonly ModelPart[]) => Promise<void>,
  ): Promise<readonly ModelPart[]> =>
    committed(database, async (tx) => {
      const moved = await moveAll(tx, parts);
      const ours = parts.filter((_, n) => moved.has(n));
      await work(new SharedTransaction(tx, access, 'rows'), ours);
      return parts.filter((_, n) => !moved.has(n));
    });
  const together = (parts: readonly ModelPart[]) => inOne(parts, (shared, ours) => shared.workTogether(ours));
  const oneByOne = (parts: readonly ModelPart[]) =>
    inOne(parts, async (shared, ours) => {
      for (const part of ours) {
        await shared.work(part.claim, part.work).catch((error: unknown) => {
          throw new PartFailed(part, error);
        });
      }
    });
  return {
    async prepare(tables) {
      try {
        if ('create' in tables) await prepareOwn(database, tables);
        else {
          await prepareTable(database, access.table(tables).model);
          access.merged.know(tables);
        }
        await versions.register(tables);
      } catch (error) {
        throw lacksPrivilege(error) ? new ReadModelForbidden(tables, { cause: error }) : error;
      }
    },
    transaction: (claim, to, work) =>
      committed(database, async (tx) => {
        await move(tx, claim, to);
        return new SharedTransaction(tx, access, 'rows').work(claim, work);
      }),
    transactions: (parts) =>
      runParts(parts, async (running) => {
        if (running.length > 1) {
          try {
            return await together(running);
          } catch (error) {
            // A statement that was for several was refused, and does not say whose rows it is about.
            if (error instanceof PartFailed || error instanceof LeftfoldError) throw error;
          }
        }
        return oneByOne(running);
      }),
    appliedAhead: (claim) => access.ahead.of(database, claim),
    aside: (claim, from, notes, work) =>
      committed(database, async (tx) => {
        await access.ahead.note(tx, claim, from, notes);
        await new SharedTransaction(tx, access, 'nobody').work(claim, work);
      }),
    reader: (tables) => rowTablesReader(pool, database.schema, tables, { fedHere }),
  };
}

/** A transaction, whose unanswered COMMIT is no riddle to the owner of a lane: the next claim reads the outcome. */
async function committed<T>(database: Database, work: (tx: OpenTransaction) => Promise<T>): Promise<T> {
  let isWorkDone = false;
  try {
    return await database.transaction(async (tx) => {
      const result = await work(tx);
      isWorkDone = true;
      return result;
    });
  } catch (error) {
    if (isWorkDone && error instanceof LeftfoldError && error.code === 'LF_OUTCOME_UNKNOWN') {
      throw new CommitUnanswered(error);
    }
    throw error;
  }
}
