import type { StreamVersion } from '@leftfold/core';
import { postgres, type PgPool, type PgQuery } from '@leftfold/postgres';
import { newEvents, newStream } from '@leftfold/testing';
import type { Pool, QueryConfig } from 'pg';
import { expect, test } from 'vitest';
import { poolerOptions, testLog } from './fresh-log.ts';

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly Plan[];
}

/** A pool that has each append explained, undone, and only then carried out. */
function explainingAppends(pool: Pool, plans: Plan[]): PgPool {
  return {
    async connect() {
      const client = await pool.connect();
      return {
        query: async (query: PgQuery) => {
          if (query.text.includes('insert into "leftfold".events')) {
            await client.query('begin');
            const { rows } = await client.query(`explain (analyze, buffers, format json) ${query.text}`, query.values);
            await client.query('rollback');
            plans.push(rows[0]['QUERY PLAN'][0].Plan);
          }
          return client.query(query as QueryConfig);
        },
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (destroy) => client.release(destroy),
      };
    },
  };
}
const scansOf = (plan: Plan): readonly string[] => [
  ...(plan['Node Type'].includes('Scan') && plan['Relation Name'] !== undefined
    ? [`${plan['Node Type']} on ${plan['Relation Name']}`]
    : []),
  ...(plan.Plans ?? []).flatMap(scansOf),
];

test('an append looks at as many pages in a log of a hundred thousand events as in one of a hundred, but for the height of its indexes', async () => {
  const { pool } = await testLog();
  const plans: Plan[] = [];
  const { store } = postgres({ ...poolerOptions, pool: explainingAppends(pool, plans) });
  const stream = newStream();
  await store.append([{ stream, expect: 'absent', events: newEvents(1) }]);
  const pages: number[][] = [];
  for (const count of [100, 100_000]) {
    await pool.query(
      `with heads as (insert into leftfold.streams select '', 'filled-' || $1 || '-' || n, 'filled', 1, 10 from generate_series(1, $1::int / 10) n returning stream_id)
       insert into leftfold.events (version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata)
       select v, gen_random_uuid(), 1, schema_id, '', heads.stream_id, 'filled', null, payload, metadata
       from heads, generate_series(1, 10) v, (select * from leftfold.events limit 1) as pattern`,
      [count],
    );
    await pool.query('analyze leftfold.events, leftfold.streams');
    plans.length = 0;
    const version = (
      await pool.query<{ version: string }>('select version from leftfold.streams where stream_id = $1', [stream.id])
    ).rows[0]?.version;
    const one = () => newEvents(1);
    await store.append([{ stream, expect: BigInt(version ?? 0) as StreamVersion, events: one() }]);
    await store.append([{ stream, expect: 'any', events: one() }]);
    await store.append([{ stream, expect: 'present', events: one() }]);
    await store.append([{ stream: newStream(), expect: 'absent', events: one() }]);
    expect(plans).toHaveLength(4);
    // A table of one page is best read whole.
    if (count > 100) expect(plans.flatMap(scansOf).filter((scan) => scan.startsWith('Seq Scan'))).toEqual([]);
    pages.push(plans.map((plan) => plan['Shared Hit Blocks'] + plan['Shared Read Blocks']));
  }
  const [small = [], large = []] = pages;
  // Five indexes of events and one of streams, each at most two levels higher.
  for (const [i, each] of large.entries()) expect(each - (small[i] ?? 0)).toBeLessThanOrEqual(12);
});

test('events are vacuumed by what was added, and frozen then, whatever the log has grown to; so is what is kept beside the table', async () => {
  const { pool } = await testLog();
  const { rows } = await pool.query<{ options: string[] | null }>(
    `select reloptions as options from pg_class where oid = 'leftfold.events'::regclass
     union all select reloptions from pg_class where oid = (select reltoastrelid from pg_class where oid = 'leftfold.events'::regclass)`,
  );
  for (const { options } of rows) {
    expect(options).toEqual(
      expect.arrayContaining([
        'autovacuum_vacuum_insert_scale_factor=0',
        'autovacuum_vacuum_insert_threshold=200000',
        'autovacuum_freeze_min_age=0',
      ]),
    );
  }
  expect(rows).toHaveLength(2);
});
