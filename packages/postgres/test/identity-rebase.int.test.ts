import { rebase } from '@leftfold/postgres';
import { newEvents, newStream } from '@leftfold/testing';
import fc from 'fast-check';
import type { Client } from 'pg';
import { expect, test } from 'vitest';
import { testLog, type FreshLog } from './fresh-log.ts';
import { faultsOf, TableFollower } from './table-follower.ts';

const never = new AbortController().signal;

const eventsOf = async ({ pool }: FreshLog): Promise<readonly string[]> =>
  (await pool.query(`select stream_id || '@' || version as name from leftfold.events`)).rows.map(({ name }) => name);

/** What else there is of the table. */
const shape = async ({ pool }: FreshLog): Promise<unknown> =>
  (
    await pool.query(`select
      (select json_agg(pg_get_indexdef(indexrelid) order by pg_get_indexdef(indexrelid)) from pg_index where indrelid = 'leftfold.events'::regclass) as indexes,
      (select json_agg(tgname::text || tgenabled::text order by tgname) from pg_trigger where tgrelid = 'leftfold.events'::regclass) as triggers,
      (select column_default || is_nullable from information_schema.columns where table_name = 'events' and column_name = 'xid') as xid`)
  ).rows;

/** A whole number from 0 to below. */
type Below = (end: number) => number;
function seeded(seed: number): Below {
  const draws = fc.sample(fc.noBias(fc.nat(1_000_000)), { seed, numRuns: 5_000 });
  let i = 0;
  return (end) => (draws[i++ % draws.length] as number) % end;
}

/** Transactions side by side that append, commit or roll back in any order, while followers read a part, in windows that they leave as they are. */
async function live(
  log: FreshLog,
  followers: readonly TableFollower[],
  streams: ReturnType<typeof newStream>[],
  below: Below,
): Promise<void> {
  const open = new Map<string, Client>();
  const idle = await Promise.all(Array.from({ length: 4 }, () => log.connect()));
  const end = async (id: string): Promise<void> => {
    const client = open.get(id);
    open.delete(id);
    await client?.query(below(10) < 8 ? 'commit' : 'rollback');
    if (client) idle.push(client);
  };
  for (let step = 0; step < 60; step++) {
    const stream = streams[below(streams.length)] as ReturnType<typeof newStream>;
    const kind = below(10);
    if (kind < 5) {
      // One transaction at a time has a stream.
      const client = open.get(stream.id) ?? idle.pop();
      if (client === undefined) continue;
      if (!open.has(stream.id)) await client.query('begin');
      open.set(stream.id, client);
      await log.storage.store.within(client).append([{ stream, expect: 'any', events: newEvents(1 + below(3)) }]);
    } else if (kind < 8) {
      const [id] = [...open.keys()].slice(below(open.size));
      if (id !== undefined) await end(id);
    } else {
      const how = { toEnd: true, batches: below(3), pins: below(2) === 0 };
      await followers[below(followers.length)]?.run(log.storage, never, how);
    }
  }
  for (const id of open.keys()) await end(id);
}

test.each([1, 2])(
  'L6 after a rebase each follower goes on exactly where it was, in whatever window it stood (seed %i)',
  async (seed) => {
    const below = seeded(seed);
    const log = await testLog({ batchSize: 2 });
    await TableFollower.prepare(log.pool);
    const followers = Array.from({ length: 4 }, (_, i) => new TableFollower(`f${i}`, log.pool));
    const streams = Array.from({ length: 5 }, () => newStream());

    const made = await shape(log);
    for (const round of [1, 2]) {
      await live(log, followers, streams, below);
      const before = await eventsOf(log);
      expect(await rebase(log.pool, { reason: `round ${round}` })).toMatchObject({ ahead: [] });
      expect(await eventsOf(log)).toEqual(expect.arrayContaining([...before]));
      const { rows } = await log.pool.query('select max(xid)::text as highest from leftfold.events');
      expect(Number(rows[0].highest)).toBeLessThan(100);
      expect(await shape(log)).toEqual(made);
    }
    await live(log, followers, streams, below);

    const events = await eventsOf(log);
    for (const follower of followers) {
      await follower.run(log.storage, never, { toEnd: true });
      expect(faultsOf(await follower.delivered(), events)).toEqual([]);
      expect(follower.faults).toEqual([]);
    }
  },
);
