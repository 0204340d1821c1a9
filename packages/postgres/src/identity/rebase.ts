import { InputInvalid } from '@leftfold/core';
import type { Cursor } from '@leftfold/subscriptions';
import { arrayParameter } from '../column-types.ts';
import type { Session } from '../database.ts';
import { cursorOf, parseCursor } from '../log/log-place.ts';
import type { PgPool } from '../pool.ts';
import { quoted } from '../schema-name.ts';
import { unhurried, unprepared } from '../statement.ts';
import { raiseGeneration, type AcceptOptions, type GenerationRaised } from './raise-generation.ts';
import { planRebase, xidRanges, type RebasePlan, type XidRange } from './rebase-plan.ts';
import { replaceXids } from './replace-xids.ts';

interface SavedPlace {
  readonly follower: string;
  readonly version: number;
  readonly lane: string;
  readonly cursor: Cursor;
}

/**
 * Carries a log over into the cluster that it is in now, after it was restored from a dump or copied (hazard L6): events and saved places name transactions of the
 * old cluster, and get ids that say the same here ({@link planRebase}). Afterwards every follower gets exactly what it had not got, also one that stood in the
 * midst of a window. The generation rises, positions go on above all that were given. Stop everything that uses the log before; nobody is to have appended since the
 * restore, since what a place counted as seen by its number then stays lost to it.
 *
 * One transaction, under an exclusive lock: about as long as building the log's index on transaction ids takes. Only rows that some follower has not got yet are written.
 *
 * @param pool a login that owns the log's tables
 * @throws `LF_CURSOR_INVALID` when a saved place of this log cannot be read · {@link InputInvalid} `LF_CLUSTER_TOO_YOUNG` · `LF_REASON_MISSING` ·
 *   `LF_LOG_ON_STANDBY` · `LF_LOCK_TIMEOUT`
 */
export async function rebase(pool: PgPool, options: AcceptOptions): Promise<GenerationRaised> {
  return raiseGeneration(pool, options, async (tx, schema, { id, generation }) => {
    await lock(tx, schema);
    const saved = await savedPlaces(tx, schema, `${id}/${generation}`);
    const parsed = saved.map(({ cursor }) => parseCursor(cursor));
    const plan = await planOf(
      tx,
      schema,
      parsed.map(({ place }) => place),
    );
    await replaceXids(tx, schema, plan);
    const cursors = parsed.map(({ place, lane }) => cursorOf(plan.placeOf(place), { id, generation }, lane));
    await savePlaces(
      tx,
      schema,
      saved.map((row, i) => ({ ...row, cursor: cursors[i] as Cursor })),
    );
  });
}

/** Checkpoints before events, as a transaction does that moves a place and appends. */
async function lock(tx: Session, name: string): Promise<void> {
  const schema = quoted(name);
  await tx.query(
    unprepared(
      `select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)`,
    ),
  );
  await tx.query(unhurried(`lock table ${schema}.checkpoints in share row exclusive mode`));
  await tx.query(unhurried(`lock table ${schema}.events in access exclusive mode`));
}

/** Of this log and generation; of others nothing is known, and they are refused where they are used. */
async function savedPlaces(tx: Session, schema: string, log: string): Promise<readonly SavedPlace[]> {
  return tx.query<SavedPlace>(
    unprepared(
      `select follower, version, lane, cursor from ${quoted(schema)}.checkpoints where ${quoted(schema)}.cursor_reach(cursor, $1) is not null`,
    ),
    [log],
  );
}

async function planOf(tx: Session, name: string, places: Parameters<typeof xidRanges>[0]): Promise<RebasePlan> {
  const schema = quoted(name);
  const ranges = xidRanges(places);
  // Once along the index, whatever a planner without statistics believes of a table that was just restored.
  await tx.query(
    unprepared(`select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)`),
  );
  const counts = await tx.query<{ readonly events: bigint }>(
    unhurried(
      `select (select count(*) from ${schema}.events where xid >= range.low and xid <= range.high) as events
       from unnest($1::xid8[], $2::xid8[]) with ordinality as range(low, high, n) order by range.n`,
    ),
    rangeParameters(ranges),
  );
  const plan = planRebase(
    places,
    ranges.map((range, i) => ({ ...range, events: counts[i]?.events ?? 0n })),
  );
  const [now] = await tx.query<{ readonly xmin: string }>(
    unprepared('select pg_snapshot_xmin(pg_current_snapshot())::text as xmin'),
  );
  const xmin = BigInt(now?.xmin ?? 0);
  if (plan.next > xmin) {
    throw new InputInvalid(
      'LF_CLUSTER_TOO_YOUNG',
      `saved places tell ${plan.next - 3n} kinds of events apart, and this cluster has given out too few transaction ids to name them: nothing was changed. ` +
        `End open transactions, run do $$ begin for i in 1..${plan.next - xmin + 10n} loop perform pg_current_xact_id(); commit; end loop; end $$, and call again`,
    );
  }
  return plan;
}

async function savePlaces(tx: Session, name: string, places: readonly SavedPlace[]): Promise<void> {
  await tx.query(
    unprepared(
      `update ${quoted(name)}.checkpoints as c set cursor = moved.cursor
       from unnest($1::text[], $2::int[], $3::text[], $4::text[]) as moved(follower, version, lane, cursor)
       where c.follower = moved.follower and c.version = moved.version and c.lane = moved.lane`,
    ),
    [
      arrayParameter(places.map(({ follower }) => follower)),
      arrayParameter(places.map(({ version }) => version)),
      arrayParameter(places.map(({ lane }) => lane)),
      arrayParameter(places.map(({ cursor }) => cursor)),
    ],
  );
}

/** Two arrays, of the lowest and the highest ids. */
const rangeParameters = (ranges: readonly XidRange[]): readonly [string, string] => [
  arrayParameter(ranges.map(({ low }) => low)),
  arrayParameter(ranges.map(({ high }) => high)),
];
