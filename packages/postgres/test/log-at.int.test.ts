import type { EventStore, StreamRef } from '@leftfold/core';
import type { Cursor, Lane } from '@leftfold/subscriptions';
import { readSource } from '@leftfold/subscriptions';
import { newEvents, newStream } from '@leftfold/testing';
import fc from 'fast-check';
import type { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshLog } from './fresh-log.ts';

let log: Awaited<ReturnType<typeof freshLog>>;
const clients: Client[] = [];
beforeAll(async () => {
  log = await freshLog();
  for (let i = 0; i < 3; i++) clients.push(await log.connect());
});
afterAll(() => log.end());

const append = (store: EventStore, stream: StreamRef) =>
  store.append([{ stream, expect: 'any', events: newEvents(1) }]);

/** A place from a time, as it was answered while others were at work. */
interface Mark {
  readonly time: Date;
  readonly from: ReadonlyMap<Lane, Cursor>;
}

/** What some writers do, and when somebody asks for a place from a time: so many milliseconds from now. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('alone' as const) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'takeId' as const,
        'append' as const,
        'append' as const,
        'commit' as const,
        'rollback' as const,
      ),
      writer: fc.nat(2),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('mark' as const), ms: fc.integer({ min: -40, max: 10 }) }) },
);

test('whoever reads from a time gets every event recorded since, also of transactions that were running, and had begun long before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const streams = clients.map(() => newStream());
      const alone = newStream();
      const isOpen = clients.map(() => false);
      const marks: Mark[] = [];
      const end = async (writer: number, how: string): Promise<void> => {
        if (isOpen[writer] === true) await clients[writer]?.query(how);
        isOpen[writer] = false;
      };
      const clock = async (): Promise<Date> => (await log.pool.query('select clock_timestamp() as now')).rows[0].now;
      for (const one of steps) {
        if (one.kind === 'alone') await append(log.storage.store, alone);
        else if (one.kind === 'wait') await log.pool.query('select pg_sleep(0.003)');
        else if (one.kind === 'mark') {
          const time = new Date((await clock()).getTime() + one.ms);
          marks.push({ time, from: await log.storage.log.at(time) });
        } else {
          const client = clients[one.writer] as Client;
          if (one.kind === 'commit' || one.kind === 'rollback') await end(one.writer, one.kind);
          else {
            if (isOpen[one.writer] !== true) await client.query('begin');
            isOpen[one.writer] = true;
            if (one.kind === 'takeId') await client.query('select pg_current_xact_id()');
            else await append(log.storage.store.within(client), streams[one.writer] as StreamRef);
          }
        }
      }
      for (const writer of clients.keys()) await end(writer, 'commit');

      const until = await log.storage.log.head();
      for (const { time, from } of marks) {
        const got = new Set<string>();
        for await (const { records } of readSource(log.storage.log, { from, until }))
          for (const { id } of records) got.add(id);
        const { rows } = await log.pool.query('select event_id from leftfold.events where recorded_at >= $1', [time]);
        expect(rows.filter(({ event_id: id }) => !got.has(id))).toEqual([]);
      }
    }),
    { numRuns: 25 },
  );
});

test('a place from a time leaves out what was done long before it', async () => {
  const { storage, pool, end } = await freshLog();
  for (let i = 0; i < 20; i++) await append(storage.store, newStream());
  const { rows } = await pool.query('select clock_timestamp() as now from pg_sleep(0.002)');
  const stream = newStream();
  await append(storage.store, stream);
  const from = await storage.log.at(rows[0].now);
  const read: string[] = [];
  for await (const { records } of readSource(storage.log, { from, until: await storage.log.head() }))
    read.push(...records.map((record) => record.stream));
  await end();
  expect(read).toEqual([stream.id]);
});
