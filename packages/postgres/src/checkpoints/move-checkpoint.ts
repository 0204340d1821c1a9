import { LaneLost } from '@leftfold/subscriptions';
import type { Claim, Cursor, Move } from '@leftfold/subscriptions';
import type { Session } from '../database.ts';
import { planByKey } from '../read-models/transaction-settings.ts';
import { quoted } from '../schema-name.ts';
import { prepared, type Statement } from '../statement.ts';

/**
 * How long a transaction that moves a checkpoint may stand idle. It holds the lane's row, so one that was begun by a process which is frozen, or cut
 * off from the network, would keep everybody else from claiming the lane until TCP gives up, after hours. The server ends such a session.
 */
export const IDLE_MS = 30_000;

/** To the end of the transaction that a move begins. */
const SETTINGS = `set_config('idle_in_transaction_session_timeout', '${IDLE_MS}', true) || ${planByKey}`;

/** Moves a checkpoint, and says how. Made once per schema. */
export type MoveCheckpoint = (tx: Session, claim: Claim, move: Move) => Promise<void>;
/** Moves those of several followers, and answers which were moved, by their index. */
export type MoveCheckpoints = (
  tx: Session,
  moves: readonly { readonly claim: Claim; readonly move: Move }[],
) => Promise<ReadonlySet<number>>;

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

/** The move that this transaction has made goes only so far: it still has the row, so nobody has moved it since. Made once per schema. */
export function shortenMove(schema: string): (tx: Session, claim: Claim, end: Cursor) => Promise<void> {
  const statement = prepared(
    'shorten_move',
    `update ${quoted(schema)}.checkpoints set cursor = $5
      where follower = $1 and version = $2 and lane = $3 and epoch = $4 returning 1 as moved`,
  );
  return async (tx, { follower, lane, epoch }, end) => {
    const moved = await tx.query(statement, [follower.name, follower.version, lane, epoch.toString(), end]);
    if (moved.length === 0) throw new LaneLost(follower, lane);
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
       from (select ${SETTINGS} as made) as settings
      where c.follower = $1 and c.version = $2 and c.lane = $3 and c.epoch = $4 and c.cursor = $5 and settings.made is not null
     returning 1 as moved`,
  );

/**
 * The same compare-and-set for several followers at once, in one statement. One that finds no row keeps none of the others from theirs. Rows are locked in one order, so that two
 * processes that move the same ones do not wait for each other in a circle.
 */
export function moveCheckpoints(schema: string): MoveCheckpoints {
  const statement = moveManyStatement(schema);
  return async (tx, moves) => {
    const given = moves.map(({ claim: { follower, lane, epoch }, move: { from, to, ledger } }, n) => ({
      n,
      follower: follower.name,
      version: follower.version,
      lane,
      epoch: epoch.toString(),
      before: from,
      after: to,
      ledger: ledger === undefined ? null : JSON.stringify(ledger),
    }));
    const moved = await tx.query<{ readonly n: number }>(statement, [JSON.stringify(given)]);
    return new Set(moved.map(({ n }) => n));
  };
}

/** $1 JSON: `[{ n, follower, version, lane, epoch, before, after, ledger }]`, the ledger as text. */
const moveManyStatement = (schema: string): Statement =>
  prepared(
    'move_checkpoints',
    `with found as materialized (
       select m.* from json_to_recordset($1::json)
           as m(n int, follower text, version int, lane text, epoch bigint, before text, after text, ledger text)
         join ${quoted(schema)}.checkpoints as c
           on c.follower = m.follower and c.version = m.version and c.lane = m.lane and c.epoch = m.epoch and c.cursor = m.before
        order by m.follower collate "C", m.version, m.lane collate "C" for no key update of c
     )
     update ${quoted(schema)}.checkpoints as c
        set cursor = f.after, ledger = coalesce(f.ledger::jsonb, c.ledger)
       from found as f, (select ${SETTINGS} as made) as settings
      where c.follower = f.follower and c.version = f.version and c.lane = f.lane and settings.made is not null
     returning f.n`,
  );
