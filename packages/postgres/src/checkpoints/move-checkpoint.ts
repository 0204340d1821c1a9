import { LaneLost } from '@leftfold/subscriptions';
import type { Claim, Move } from '@leftfold/subscriptions';
import type { Session } from '../database.ts';
import { quoted } from '../schema-name.ts';
import { prepared, type Statement } from '../statement.ts';

/**
 * How long a transaction that moves a checkpoint may stand idle. It holds the lane's row, so one that was begun by a process which is frozen, or cut
 * off from the network, would keep everybody else from claiming the lane until TCP gives up, after hours. The server ends such a session.
 */
const IDLE_MS = 30_000;

/** Moves a checkpoint, and says how. Made once per schema. */
export type MoveCheckpoint = (tx: Session, claim: Claim, move: Move) => Promise<void>;

/**
 * The compare-and-set that every move of a cursor goes through, alone or as the first statement of a model's transaction (hazards C1, C4): it finds
 * no row unless the epoch is ours *and* the cursor is where the batch began. From then on until the transaction ends the row is locked, so a claim
 * waits for the outcome, and reads it.
 * @throws {@link LaneLost} when it finds none
 */
export function moveCheckpoint(schema: string): MoveCheckpoint {
  const statement = moveStatement(schema);
  return async (tx, claim, { from, to, ledger }) => {
    const moved = await tx.query(statement, [
      claim.follower.name,
      claim.follower.version,
      claim.lane,
      claim.epoch.toString(),
      from,
      to,
      ledger === undefined ? null : JSON.stringify(ledger),
    ]);
    if (moved.length === 0) throw new LaneLost(claim.follower, claim.lane);
  };
}

/**
 * $1 follower · $2 version · $3 lane · $4 epoch · $5 expected cursor · $6 new cursor · $7 new ledger, null: as it was.
 * A ledger of JSON null is kept as such; it reads the same.
 */
const moveStatement = (schema: string): Statement =>
  prepared(
    'move_checkpoint',
    `update ${quoted(schema)}.checkpoints as c
        set cursor = $6, ledger = coalesce($7::jsonb, c.ledger)
       from (select set_config('idle_in_transaction_session_timeout', '${IDLE_MS}', true) as ms) as idle
      where c.follower = $1 and c.version = $2 and c.lane = $3 and c.epoch = $4 and c.cursor = $5 and idle.ms is not null
     returning 1 as moved`,
  );
