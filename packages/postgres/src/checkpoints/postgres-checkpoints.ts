import type { Json } from '@leftfold/core';
import { InputInvalid } from '@leftfold/core';
import type { Checkpoints, Cursor, Lane } from '@leftfold/subscriptions';
import type { Database } from '../database.ts';
import { checkpointStatements } from './checkpoint-statements.ts';
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
    async renew(claims, leaseMs) {
      checkLease(leaseMs);
      if (claims.length === 0) return [];
      const mine = claims.map(({ follower: { name, version }, lane, epoch }, n) => ({
        n,
        follower: name,
        version,
        lane,
        epoch: epoch.toString(),
      }));
      const renewed = await database.query<{ readonly n: number }>(statements.renew, [JSON.stringify(mine), leaseMs]);
      const ours = new Set(renewed.map(({ n }) => n));
      return claims.filter((_, n) => ours.has(n)).map(({ lane }) => lane);
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

/** Shorter than a second, a lease would run out in a pause for garbage; longer than five minutes, nobody would take over a dead owner's lane. */
function checkLease(leaseMs: number): void {
  if (!Number.isInteger(leaseMs) || leaseMs < 1_000 || leaseMs > 300_000) {
    throw new InputInvalid('LF_LEASE_INVALID', `a lease lasts 1000 to 300000 whole milliseconds, not ${leaseMs}`);
  }
}
