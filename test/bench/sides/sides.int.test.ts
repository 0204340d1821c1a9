import { randomUUID } from 'node:crypto';
import { createDatabase } from '@leftfold/infra';
import { applyMigrations } from '@leftfold/postgres';
import { expect, inject, onTestFinished, test } from 'vitest';
import { benchPool } from '../bench-pool.ts';
import { emmett } from '../peers/emmett.ts';
import { leftfold } from '../peers/leftfold.ts';
import { messageDb } from '../peers/message-db.ts';
import { pgbench } from '../peers/pgbench.ts';
import { probe } from '../peers/probe.ts';
import { bareAppend } from './bare-append.ts';
import { copyInsert, unnestInsert } from './bulk-insert.ts';
import { bareCommands, commandsOnExisting } from './commands-on-existing.ts';
import { bareExisting, leftfoldExisting } from './existing-streams.ts';
import { leftfoldHot } from './hot-streams.ts';
import { leftfoldAppend } from './leftfold-append.ts';
import { leftfoldCommands } from './leftfold-commands.ts';
import { contendedAppends, contendedCommands, uncontendedAppends } from './one-stream.ts';
import { plainInsert } from './plain-insert.ts';
import { bareReads, leftfoldLoads } from './rehydration.ts';
import { fillLog } from '../stored-log.ts';
import type { Side } from './side.ts';

const shape = (events: number) => ({ seed: 3, payloadBytes: 256, events });
const WORKERS = 3;
const TIMES = 4;
const LOG = { streams: 40, eventsEach: 3, payloadBytes: 256 };
const EXISTING = { streams: LOG.streams, version: LOG.eventsEach };

async function emptyLog(): Promise<string> {
  const url = await createDatabase(inject('postgresUrl'));
  const pool = benchPool(url, 4);
  await applyMigrations(pool);
  await pool.end();
  return url;
}

/** How many events the log holds that the side says it has written, and how many it said. */
async function outcomeOf(
  side: Side,
  url: string,
): Promise<{ readonly said: number; readonly stored: number; readonly lost: number }> {
  const pool = benchPool(url, 1);
  onTestFinished(() => pool.end());
  const open = await side.open(url, WORKERS);
  const counted = async (): Promise<number> => {
    const { rows } = await pool.query<{ readonly count: number }>('select count(*)::int as count from leftfold.events');
    return rows[0]?.count ?? 0;
  };
  const before = await counted();
  const workers = Array.from({ length: side.workers ?? WORKERS }, async (_, worker) => {
    let events = 0;
    for (let i = 0; i < TIMES; i++) events += await open.work(worker);
    return events;
  });
  const said = (await Promise.all(workers)).reduce((sum, events) => sum + events, 0);
  const lost = (await open.lost?.()) ?? 0;
  await open.close();
  return { said, stored: (await counted()) - before, lost };
}

test.each<[string, Side, number]>([
  ['the store', leftfoldAppend(shape(2)), 24],
  ['the store with idempotency keys', leftfoldAppend(shape(1), { keyed: true }), 12],
  ['the repository', leftfoldCommands(shape(1), { keyed: false }), 12],
  ['the repository with keys', leftfoldCommands(shape(1), { keyed: true }), 12],
  ['L2, the statement of the store in a bare loop', bareAppend(shape(1)), 12],
  ['L2 with several events', bareAppend(shape(3)), 36],
  ['L2b', plainInsert(shape(1)), 12],
  ['L3', unnestInsert(shape(5)), 60],
  ['L3 by COPY', copyInsert(shape(5)), 60],
  ['writers of one stream', contendedAppends(shape(1)), 12],
  ['commands on one stream', contendedCommands(shape(1), 2), 12],
  ['L2 with one writer', uncontendedAppends(shape(1)), 4],
])('%s: what it counts is what the log holds', async (_, side, events) => {
  expect(await outcomeOf(side, await emptyLog())).toEqual({ said: events, stored: events, lost: 0 });
});

test.each<[string, Side, number]>([
  ['the store, to existing streams', leftfoldExisting(shape(2), EXISTING), 24],
  ['the store, to hot streams', leftfoldHot(shape(1), 2), 12],
  ['L2, to existing streams', bareExisting(shape(2), EXISTING), 24],
  ['L5 + L2', bareCommands(shape(1), LOG), 12],
  ['commands on existing streams', commandsOnExisting(shape(1), LOG, false), 12],
  ['commands with snapshots', commandsOnExisting(shape(1), LOG, true), 12],
])('%s: a stored log takes what it is given', async (_, side, events) => {
  const url = await emptyLog();
  await fillLog(url, 1, LOG);
  expect(await outcomeOf(side, url)).toEqual({ said: events, stored: events, lost: 0 });
});

test('a stored log is read as if the store had written it, by load and by the bare SELECT', async () => {
  const url = await emptyLog();
  await fillLog(url, 1, LOG);
  for (const side of [leftfoldLoads(LOG), bareReads(LOG)]) {
    const open = await side.open(url, 1);
    expect(await open.work(0)).toBe(LOG.eventsEach);
    await open.close();
  }
});

test('the probe passes on the store that is measured', async () => {
  const url = await createDatabase(inject('postgresUrl'));
  await leftfold.prepare(url);
  const { store, close } = await leftfold.probed(url);
  onTestFinished(close);
  expect(await probe(store, randomUUID)).toEqual([]);
});

test.each([emmett, messageDb])('$name can be measured and probed as it is installed', async (peer) => {
  const url = await createDatabase(inject('postgresUrl'));
  await peer.prepare(url);
  const open = await peer.open(url, 2, shape(1));
  onTestFinished(open.close);
  expect(await Promise.all([open.work(0), open.work(1)])).toEqual([1, 1]);
  const { store, close } = await peer.probed(url);
  onTestFinished(close);
  const ids = [randomUUID(), randomUUID()];
  expect(await store.append('a-stream', 'none', ids[0] ?? '')).toBe('appended');
  expect(await store.append('a-stream', 1n, ids[1] ?? '')).toBe('appended');
  expect(await store.append('a-stream', 1n, randomUUID())).toBe('conflict');
  expect(await store.read('a-stream')).toEqual(ids);
});

test('pgbench, where there is one, sends the statement of the store', async () => {
  const side = pgbench(shape(1));
  const sample = await side?.sample?.(await emptyLog(), 2, { warmMs: 0, countMs: 1_000 });
  if (side !== undefined) expect(sample?.perSecond).toBeGreaterThan(0);
});
