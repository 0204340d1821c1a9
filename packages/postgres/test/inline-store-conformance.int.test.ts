import { setTimeout } from 'node:timers/promises';
import { event, t } from '@leftfold/core';
import type { PostgresStorage } from '@leftfold/postgres';
import { projection } from '@leftfold/subscriptions';
import { conformanceTopic, eventStoreConformance } from '@leftfold/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshLog } from './fresh-log.ts';

// All that a store promises, where each of its appends is folded as well.

const happened = event('conformance.thing.happened', { what: t.string() });
const things = projection('things', {
  version: 1,
  key: 'id',
  row: { id: t.string(), tenant: t.string(), happened: t.integer() },
  order: 'any',
}).upsert(happened, { by: ({ stream }) => stream.id }, (row, { stream, metadata }) => ({
  id: stream.id,
  tenant: metadata.tenant ?? '',
  happened: (row?.happened ?? 0) + 1,
}));

let log: Awaited<ReturnType<typeof freshLog>>;
let storage: PostgresStorage;
beforeAll(async () => {
  log = await freshLog({ topic: conformanceTopic, inline: [things] });
  storage = log.storage;
});
afterAll(() => log.end());

const suite = eventStoreConformance({
  store: () => storage.store,
  capabilities: {
    transactions: async (work) => {
      const client = await log.connect();
      await client.query('begin');
      try {
        const result = await work(storage.store.within(client));
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback');
        throw error;
      }
    },
    replyExpiry: { keepMs: 1_000, expire: () => setTimeout(1_100) },
  },
});
// Payloads of these are no events of any definition: nothing could fold them, and so none is appended.
const foldable = suite.filter(({ title }) => !title.startsWith('a payload comes back byte by byte'));
for (const { title, run } of foldable) test(title, run);

test('afterwards there is a row for each stream, with all its events', async () => {
  const { rows } = await log.pool.query(
    `select stream_id, tenant, count(*)::int as happened from leftfold.events join leftfold.schemas as s on s.id = schema_id
      where s.type = 'conformance.thing.happened' group by 1, 2 order by 1, 2`,
  );
  const folded = await log.pool.query(
    'select id as stream_id, _tenant as tenant, happened::int from leftfold_things_v1.things order by 1, 2',
  );
  expect(rows.length).toBeGreaterThan(50);
  expect(folded.rows).toEqual(rows);
});
