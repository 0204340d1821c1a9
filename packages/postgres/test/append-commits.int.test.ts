import { postgres, type PgPool, type PgQuery } from '@leftfold/postgres';
import { newEvents, newStream } from '@leftfold/testing';
import type { StreamVersion } from '@leftfold/core';
import type { Pool, QueryConfig } from 'pg';
import { expect, test } from 'vitest';
import { poolerOptions, testLog } from './fresh-log.ts';

/** A pool that remembers what is sent through it. */
function recordingPool(pool: Pool, sent: string[]): PgPool {
  return {
    async connect() {
      const client = await pool.connect();
      return {
        query: (query: PgQuery) => {
          sent.push(query.text);
          return client.query(query as QueryConfig);
        },
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (destroy) => client.release(destroy),
      };
    },
  };
}

test('L14 nothing that an append sends, calls or sets off notifies, so no commit waits for another one’s; that is a statement of its own', async () => {
  const { pool } = await testLog();
  const sent: string[] = [];
  const { store } = postgres({ ...poolerOptions, pool: recordingPool(pool, sent) });
  const [a, b] = [newStream(), newStream()];
  const one = () => newEvents(1);
  for (const expectation of ['absent', 'any', 'present', 3n as StreamVersion] as const) {
    await store.append([{ stream: a, expect: expectation, events: one() }]);
  }
  const reply = { tenant: '', key: 'k', requestHash: 'h', reply: '1', keepMs: 60_000 };
  await store.append(
    [a, b].map((stream) => ({ stream, expect: 'any', events: one() })),
    { reply },
  );
  await store.append([{ stream: b, expect: 'any', events: one() }], {
    keys: [{ stream: b, change: 'reserve', key: ['email', 'a@b.example'] }],
  });
  await Promise.all(
    Array.from({ length: 50 }, () => store.append([{ stream: newStream(), expect: 'absent', events: one() }])),
  );

  expect(sent.filter((text) => /insert into "leftfold"\.events/.test(text)).length).toBeGreaterThan(7);
  const notifying = sent.filter((text) => /\bnotify\b|pg_notify/i.test(text));
  expect(new Set(notifying)).toEqual(new Set([`select pg_notify('leftfold', $1)`]));
  // After the append, and not one for each.
  expect(sent.indexOf(notifying[0] as string)).toBeGreaterThan(
    sent.findIndex((text) => text.includes('insert into "leftfold".events')),
  );
  expect(notifying.length).toBeLessThan(50);
  // Nor does what such a statement calls or sets off.
  const { rows } = await pool.query<{ source: string }>(
    `select prosrc as source from pg_proc where pronamespace = 'leftfold'::regnamespace
     union all select pg_get_triggerdef(oid) from pg_trigger where tgrelid::regclass::text like 'leftfold.%' and tgtype & 4 <> 0 and not tgisinternal
     union all select pg_get_ruledef(r.oid) from pg_rewrite r join pg_class c on c.oid = ev_class where relnamespace = 'leftfold'::regnamespace`,
  );
  expect(rows.length).toBeGreaterThan(3);
  expect(rows.filter(({ source }) => /notify/i.test(source))).toEqual([]);
});
