import { t } from '@leftfold/core';
import { projection } from '@leftfold/subscriptions';
import { sql, type QueryExecutorProvider } from 'kysely';
import Cursor from 'pg-cursor';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readModels } from '../src/read-models/read-models.ts';
import { openFixture, type Fixture } from './read-model-fixture.ts';

const streamed = projection('streamed', {
  version: 1,
  key: 'id',
  row: { id: t.string(), n: t.integer(), l: t.long() },
  order: 'any',
});
const COUNT = 1000;

let fixture: Fixture;
const open = () => readModels(fixture.pool, [streamed], { cursor: Cursor });
beforeAll(async () => {
  fixture = await openFixture({ max: 1 });
  await fixture.readModels.prepare(streamed.rowTable);
  await fixture.onlooker.query(
    `insert into leftfold_streamed_v1.streamed select '', g::text, g, g from generate_series(1, ${COUNT}) g`,
  );
});
afterAll(() => fixture.close());

// 300 does not divide it: the last read finds fewer rows than it asked for.
test.each([100, 300, 2000])('a stream of %i rows at a time gives all, with values as the row says', async (chunk) => {
  const rows: unknown[] = [];
  for await (const row of open().selectFrom('streamed').selectAll().orderBy('n').stream(chunk)) rows.push(row);
  expect(rows).toStrictEqual(
    Array.from({ length: COUNT }, (_, n) => ({ id: String(n + 1), n: n + 1, l: BigInt(n + 1) })),
  );
});

test('a stream may be left early, and inside a transaction others follow on its connection', async () => {
  await open()
    .transaction()
    .execute(async (trx) => {
      for await (const row of trx.selectFrom('streamed').selectAll().stream(10)) {
        expect(row).toBeDefined();
        break;
      }
      expect(await trx.selectFrom('streamed').select('n').where('id', '=', '7').execute()).toStrictEqual([{ n: 7 }]);
    });
  expect(fixture.pool.idleCount).toBe(1);
});

test('a stream that fails throws, and its connection goes on', async () => {
  const failing = open()
    .selectFrom('streamed')
    .selectAll()
    .where('n', '=', 'no number' as never)
    .stream();
  await expect(failing.next()).rejects.toMatchObject({ code: '22P02' });
  expect(await open().selectFrom('streamed').select('n').where('id', '=', '7').execute()).toStrictEqual([{ n: 7 }]);
});

const pidOf = async (trx: QueryExecutorProvider): Promise<number | undefined> =>
  (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx)).rows[0]?.pid;

test.each(['goes on', 'is left'])(
  'P1 a stream whose connection dies between two reads, and that %s, ends',
  async (what) => {
    // A pool of one, so it also lends a connection that works afterwards.
    const cut = open()
      .transaction()
      .execute(async (trx) => {
        const pid = await pidOf(trx);
        for await (const row of trx.selectFrom('streamed').selectAll().stream(10)) {
          expect(row).toBeDefined();
          await fixture.onlooker.query('select pg_terminate_backend($1, 5000)', [pid]);
          if (what === 'is left') break;
        }
      });
    await expect(cut).rejects.toThrow(/terminat|connection/i);
    expect(await open().selectFrom('streamed').select('n').where('id', '=', '7').execute()).toStrictEqual([{ n: 7 }]);
  },
);
