import type { Json } from '@leftfold/core';
import { checkLease } from '@leftfold/subscriptions';
import type { Checkpoints, Cursor, Lane } from '@leftfold/subscriptions';
import type { Database } from '../database.ts';
import { LockTimeout } from '../storage-errors.ts';
import { checkpointStatements } from './checkpoint-statements.ts';
import { renewalJson, standingOf, type StandingRow } from './lane-standing.ts';
import { moveCheckpoint } from './move-checkpoint.ts';

interface CheckpointRow {
  readonly cursor: Cursor | 'start';
  readonly epoch: bigint;
  /** JSON text, or SQL's null. */
  readonly ledger: string | null;
}

/**
 * {@link Checkpoints} in the log's own schema. Each call is one statement, so one transaction, of its own. A claim waits while a transaction that
 * moves the same lane is under way, at most half a minute, and then finds its outcome.
 */
export function postgresCheckpoints(database: Database): Checkpoints {
  const statements = checkpointStatements(database.schema);
  const move = moveCheckpoint(database.schema);
  return {
    async claim(follower, lane, { owner, leaseMs, respectLease }) {
      checkLease(leaseMs);
      const values = [follower.name, follower.version, lane, owner, leaseMs, respectLease];
      const [row] = await database.query<CheckpointRow>(statements.claim, values);
      return row && { follower, lane, epoch: row.epoch, cursor: row.cursor, ledger: ledgerOf(row) };
    },
    async renew(renewals) {
      for (const { leaseMs } of renewals) checkLease(leaseMs);
      if (renewals.length === 0) return [];
      const values = [JSON.stringify(renewals.map(renewalJson))];
      const rows = await database.query<StandingRow>(statements.renew, values).catch((error: unknown) => {
        // One lane that is being moved for long, as where somebody has locked its rows, must not cost the process all others.
        if (!(error instanceof LockTimeout)) throw error;
        return database.query<StandingRow>(statements.renewPastLocked, values);
      });
      const of = Map.groupBy(rows, ({ n }) => n);
      return renewals.map((renewal, n) => standingOf(renewal, of.get(n) ?? []));
    },
    async leave(members) {
      if (members.length === 0) return;
      const mine = members.map(({ follower: { name, version }, owner }) => ({ follower: name, version, owner }));
      await database.query(statements.leave, [JSON.stringify(mine)]);
    },
    save: (claim, to) => move(database, claim, to),
    async release({ follower, lane, epoch }) {
      await database.query(statements.release, [follower.name, follower.version, lane, epoch.toString()]);
    },
    async list(follower) {
      const rows = await database.query<CheckpointRow & { readonly lane: Lane; readonly owner: string }>(
        statements.list,
        [follower.name, follower.version],
      );
      return rows.map((row) => ({ ...row, ledger: ledgerOf(row) }));
    },
  };
}

const ledgerOf = ({ ledger }: CheckpointRow): Json => (ledger === null ? null : (JSON.parse(ledger) as Json));
