import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { AppendOptions, AppendOutcome, EventId, EventStore, NewEvent, StreamAppend } from '@leftfold/core';
import { readModels, type PostgresStorage } from '@leftfold/postgres';
import {
  foldBatch,
  planFold,
  projection,
  readEvent,
  logRecord,
  type AnyProjection,
  type FoldedProjection,
} from '@leftfold/subscriptions';
import type { Pool } from 'pg';

// Accounts, for the tests of projections inside appends: a row of its own, and one of the owner, which many accounts feed.

export const opened = event('inline.account.opened', { owner: t.string() });
export const moved = event('inline.account.moved', { owner: t.string(), cents: t.integer() });
/** The same as a later release has it. */
export const movedLater = moved.version(
  2,
  { owner: t.string(), cents: t.integer(), note: t.string() },
  { up: (old) => ({ ...old, note: '' }) },
);
/** Nobody folds it. */
export const seen = event('inline.account.seen', {});
export const closed = event('inline.account.closed', { owner: t.string() });
const TYPES = [opened, moved, seen, closed] as const;

/** Rows of one stream: each event must come exactly once, and in order. A line holds all that came. */
export const accountList = projection('account-list', {
  version: 1,
  key: 'account',
  row: { account: t.string(), owner: t.string(), cents: t.integer(), lines: t.string() },
})
  .insert(opened, ({ stream, data: { owner } }) => ({ account: stream.key, owner, cents: 0, lines: 'opened' }))
  .update(moved, (row, { data: { cents } }) => ({ cents: row.cents + cents, lines: `${row.lines} ${cents}` }))
  .delete(closed);

/** Rows that many streams feed. An event that counts twice, or not at all, shows. */
export const ownerTotals = projection('owner-totals', {
  version: 1,
  key: 'owner',
  row: { owner: t.string(), events: t.integer(), cents: t.integer() },
  order: 'any',
})
  .upsert(opened, { by: 'owner' }, (row, { data: { owner } }) => ({
    owner,
    events: (row?.events ?? 0) + 1,
    cents: row?.cents ?? 0,
  }))
  .upsert(moved, { by: 'owner' }, (row, { data: { owner, cents } }) => ({
    owner,
    events: (row?.events ?? 0) + 1,
    cents: (row?.cents ?? 0) + cents,
  }));

/** An append to one account. */
export function to(
  account: string,
  events: readonly NewEvent[],
  expect: StreamAppend['expect'] = 'any',
  tenant = '',
): StreamAppend {
  return {
    stream: streamRef('inline.account', account, tenant),
    expect,
    events: events.map((of) => {
      const type = [...TYPES, movedLater].find((one) => one.type === of.type && one.latest === of.version);
      if (type === undefined) throw new Error(`${of.type} is none of these`);
      return encodeEvent(type, of, uuidV7() as EventId, { correlationId: 'test' });
    }),
  };
}
/** Appends, and says whether it was. */
export async function append(
  store: EventStore,
  appends: StreamAppend | readonly StreamAppend[],
  options?: AppendOptions,
): Promise<AppendOutcome['kind']> {
  return (await store.append('stream' in appends ? [appends] : appends, options)).kind;
}

/** All rows of both tables, in order. */
export async function rowsIn(
  pool: Pool,
  of: readonly AnyProjection[] = [accountList, ownerTotals],
): Promise<{ readonly accounts: readonly object[]; readonly owners: readonly object[] }> {
  const db = readModels(pool, [accountList, ownerTotals]);
  return {
    accounts: of.includes(accountList)
      ? await db.selectFrom('account_list').selectAll().orderBy('account').execute()
      : [],
    owners: of.includes(ownerTotals) ? await db.selectFrom('owner_totals').selectAll().orderBy('owner').execute() : [],
  };
}

/** What the rows must be: all events of the log, folded in the order of their streams. */
export async function foldOfLog(pool: Pool, storage: PostgresStorage): Promise<Awaited<ReturnType<typeof rowsIn>>> {
  const { rows } = await pool.query<{ stream_id: string }>('select distinct stream_id from leftfold.events');
  const folded = async (of: FoldedProjection): Promise<readonly object[]> => {
    const byName = new Map(of.handles.map((type) => [type.type, type]));
    const found = [];
    for (const { stream_id } of rows) {
      const stream = streamRef('inline.account', stream_id.slice('inline.account-'.length));
      for await (const page of storage.store.read(stream)) found.push(...page);
    }
    const events = found.flatMap((one) => {
      const on = byName.get(one.type);
      return on === undefined ? [] : [{ tenant: '', event: readEvent(on, logRecord(one)) }];
    });
    const plan = planFold(of, events);
    const changes = foldBatch(
      plan,
      plan.keys.map(() => ({ row: null, streamVersion: 0n })),
    );
    return changes
      .flatMap(({ row, streamVersion }) =>
        row === null ? [] : [{ ...row, ...(of.order === 'stream' && { _stream_version: streamVersion }) }],
      )
      .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  };
  return { accounts: await folded(accountList), owners: await folded(ownerTotals) };
}

const keyOf = (row: object): string => String(Object.values(row)[0]);
