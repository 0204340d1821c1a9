import { event } from '@leftfold/core';
import type {
  ModelPart,
  ModelTransaction,
  OwnProjection,
  ReadModels,
  RowChange,
  RowTable,
} from '@leftfold/subscriptions';
import { sqlProjection, type PgPool } from '@leftfold/postgres';
import { sql, type Transaction } from 'kysely';
import type { Client, QueryConfig } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../src/database.ts';
import { unprepared } from '../src/statement.ts';
import { TransactionSettings } from '../src/read-models/transaction-settings.ts';
import { postgresReadModels } from '../src/read-models/postgres-read-models.ts';
import { poolerOptions } from './fresh-log.ts';
import { customerTotals, orderSummary } from './read-model-definitions.ts';
import { cursorAt, openFixture, Owner, type Fixture } from './read-model-fixture.ts';
import { streamEvents } from './stream-events.ts';

const happened = event('shop.order.happened', {});
const seen = sqlProjection('seen', {
  version: 1,
  create: async (db: Transaction<unknown>) => void (await sql`create table seen (stream text)`.execute(db)),
}).batch([happened], async (events, db) => {
  const streams = events.map(({ stream }) => stream.key);
  await sql`insert into seen select unnest(${streams}::text[])`.execute(db);
});
const seenToo = sqlProjection('seen-too', { version: 1, create: seen.tables.create }).batch(
  [happened],
  async (_, db) => {
    await sql`insert into seen values ('x')`.execute(db);
  },
);

let fixture: Fixture;
let counted: Fixture;
let sent: string[];
beforeAll(async () => {
  fixture = await openFixture();
  for (const tables of [orderSummary, customerTotals, seen.tables, seenToo.tables])
    await fixture.readModels.prepare(tables);
  const pool = countingPool();
  counted = { ...fixture, readModels: postgresReadModels(openDatabase(pool, 'leftfold', poolerOptions), pool) };
});
afterAll(() => fixture.close());
let lane = 0;
beforeEach(() => {
  lane += 1;
  sent = [];
});

/** The pool, with an account of each message that is sent, by the first word of its text. */
function countingPool(): PgPool {
  return {
    async connect() {
      const client = await fixture.pool.connect();
      return {
        query: (query) => {
          sent.push(/^\s*(\w+)/.exec(query.text)?.[1] ?? query.text);
          return client.query(query as QueryConfig);
        },
        on: (name, listener) => client.on(name, listener),
        removeListener: (name, listener) => client.removeListener(name, listener),
        release: (destroy) => client.release(destroy),
      };
    },
  };
}
/** Read models that have this one connection. */
function modelsOn(client: Client): ReadModels {
  const pool: PgPool = {
    connect: async () => ({
      query: (query) => client.query(query as QueryConfig),
      on: (name, listener) => client.on(name, listener),
      removeListener: (name, listener) => client.removeListener(name, listener),
      release: () => undefined,
    }),
  };
  return postgresReadModels(openDatabase(pool, 'leftfold'), pool);
}
const keyOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** Reads and writes so many rows, of which every third goes, as a folded batch does. */
async function fold(tx: ModelTransaction, table: RowTable, rows: number): Promise<void> {
  const keys = Array.from({ length: rows }, (_, n) => ({ tenant: `lane ${lane}`, key: keyOf(n) }));
  const kept = await tx.read(table, keys, { lock: true });
  const row = (key: string) =>
    table === orderSummary ? { order_id: key, status: 'open', total_cents: 1 } : { customer_id: key, orders: 1 };
  const changes = keys.map((at, n): RowChange => {
    return { ...at, row: n % 3 === 2 ? null : row(at.key), streamVersion: 1n, existed: kept[n]?.row !== null };
  });
  await tx.write(table, changes);
}
const own = (projection: object) => (tx: ModelTransaction, events: number) =>
  (projection as OwnProjection).apply(
    tx,
    streamEvents(happened, Array.from({ length: events }, (_, n) => `a${n + 1}`).join(' ')),
  );

describe('a batch costs as many round trips with one event as with a thousand', () => {
  test.each([1, 10, 1000])('five where rows are folded, six where some are deleted (%i)', async (rows) => {
    const owner = await Owner.of(counted, orderSummary, String(lane));
    await owner.batch((tx) => fold(tx, orderSummary, Math.min(rows, 2)));
    expect(sent).toEqual(['begin', 'update', 'with', 'with', 'commit']);
    sent = [];
    await owner.batch((tx) => fold(tx, orderSummary, rows + 2));
    expect(sent).toEqual(['begin', 'update', 'with', 'with', 'with', 'commit']);
  });

  test.each([1, 1000])(
    'five with statements of its own: one says where their names are looked up (%i)',
    async (events) => {
      const owner = await Owner.follower(counted, seen, String(lane));
      await owner.batch((tx) => own(seen)(tx, events));
      expect(sent).toEqual(['begin', 'update', 'set', 'insert', 'commit']);
    },
  );

  test('three and those of its statements where streams are side by side: the epoch is held and what is applied noted in one', async () => {
    const owner = await Owner.follower(counted, seen, String(lane));
    const notes = [{ tenant: '', stream: 'order-a', streamVersion: 2n, noted: null }] as never;
    await counted.readModels.aside(owner.claim, 'start', notes, (tx) => own(seen)(tx, 2));
    expect(sent).toEqual(['begin', 'with', 'set', 'insert', 'commit']);
  });

  test('followers that share a transaction share its begin, its end and the move of their checkpoints, and rows of all are one read and one write', async () => {
    const part = async (name: string, work: ModelPart['work']): Promise<ModelPart> => {
      const { claim } = await Owner.follower(counted, { name, version: 1 }, String(lane));
      return { claim, move: { from: 'start', to: cursorAt(1) }, work };
    };
    const parts = [
      await part('a', (tx) => fold(tx, orderSummary, 2)),
      await part('b', (tx) => fold(tx, customerTotals, 2)),
      await part('c', (tx) => own(seen)(tx, 100)),
      await part('d', (tx) => own(seenToo)(tx, 1)),
    ];
    const outcomes = await counted.readModels.transactions(parts);
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => 'fulfilled'));
    // Rows wait until all others have come to theirs, or have ended.
    const statements = ['set', 'insert', 'set', 'insert'];
    expect(sent).toEqual(['begin', 'with', ...statements, 'select', 'with', 'with', 'commit']);
  });
});

test('C13 followers that share a transaction go in the order of their names, whatever the order given, so no two transactions wait in a circle', async () => {
  const calls: string[] = [];
  const parts = async (process: string, names: readonly string[]): Promise<readonly ModelPart[]> =>
    Promise.all(
      names.map(async (name) => {
        const { claim } = await Owner.follower(fixture, { name, version: 1 }, `${lane} ${process}`);
        const work = async (): Promise<void> => void calls.push(`${process} ${name}`);
        return { claim, move: { from: 'start', to: cursorAt(1) } as const, work };
      }),
    );
  await fixture.readModels.transactions(await parts('one', ['z', 'x', 'y']));
  await fixture.readModels.transactions(await parts('other', ['y', 'z', 'x']));
  expect(calls).toEqual(['one x', 'one y', 'one z', 'other x', 'other y', 'other z']);
});

describe('statements on rows keep their plan, and', () => {
  test('find rows by key, also when the table was tiny as they were planned and is large now', async () => {
    // One on which nothing else is prepared.
    const client = fixture.onlooker;
    const tables = ['order_summary', 'order_summary__deleted'].map((table) => `leftfold_order_summary_v1.${table}`);
    for (const table of tables) await client.query(`truncate ${table}; analyze ${table}`);
    const one = { ...fixture, readModels: modelsOn(client) };
    const owner = await Owner.of(one, orderSummary, String(lane));
    // A server makes up its mind about a prepared statement at its sixth run.
    for (let n = 0; n < 8; n++) await owner.batch((tx) => fold(tx, orderSummary, 5));
    const { rows } = await client.query<{ name: string }>(
      `select name from pg_prepared_statements where name ~ '^leftfold_(read|write|delete)_rows' and generic_plans > 0 order by name`,
    );
    expect(rows.map(({ name }) => name.split('_')[1])).toEqual(['delete', 'read', 'write']);
    await client.query('begin; set local plan_cache_mode = force_generic_plan');
    for (const { name } of rows) {
      const { rows: lines } = await client.query<{ 'QUERY PLAN': string }>(
        `explain (costs off) execute "${name}"('[]')`,
      );
      const plan = lines.map((line) => line['QUERY PLAN']).join('\n');
      expect(plan).toMatch(/Index (Only )?Scan|Insert on/);
      expect(plan).not.toMatch(/(Seq|Bitmap Heap) Scan|(Hash|Merge) (Anti )?Join/);
    }
    await client.query('rollback');
  });

  test('plan as ever what a projection writes itself, before and after rows of others in the same transaction', async () => {
    const settings = async (tx: ModelTransaction): Promise<string> => {
      const db = tx.own(seen.tables) as Transaction<unknown>;
      const { rows } = await sql<{
        all: string;
      }>`select concat_ws(' ', current_setting('enable_seqscan'), current_setting('enable_hashjoin'),
        current_setting('enable_mergejoin'), current_setting('jit'), current_setting('plan_cache_mode'), current_setting('search_path')) as all`.execute(
        db,
      );
      return rows[0]?.all ?? '';
    };
    const usual = (await fixture.pool.query<{ jit: string }>('show jit')).rows[0]?.jit;
    const expected = `on on on ${usual} auto "leftfold_seen_v1", "$user", public`;
    const owner = await Owner.follower(fixture, seen, String(lane));
    await owner.batch(async (tx) => {
      expect(await settings(tx)).toBe(expected);
      await fold(tx, orderSummary, 3);
      await tx
        .attempt(async () => {
          expect(await settings(tx)).toBe(expected);
          throw new RangeError('taken back');
        })
        .catch(() => undefined);
      expect(await settings(tx)).toBe(expected);
    });
  });

  test('are planned for one search path, so those behind a projection’s own need not be planned again', async () => {
    const show = unprepared('show search_path');
    await fixture.database.transaction(async (tx) => {
      const [usual] = await tx.query(show);
      const settings = new TransactionSettings(tx, 'rows');
      await settings.forOwn('leftfold_seen_v1');
      expect(await tx.query(show)).not.toEqual([usual]);
      await settings.forRows();
      expect(await tx.query(show)).toEqual([usual]);
    });
  });

  test('leave nothing set to whoever has the connection next', async () => {
    const client = fixture.onlooker;
    const all = `select name, setting from pg_settings where name ~ '^enable_|^jit|plan_cache|search_path|idle_in' order by name`;
    const before = (await client.query(all)).rows;
    const owner = await Owner.of({ ...fixture, readModels: modelsOn(client) }, orderSummary, String(lane));
    await owner.batch((tx) => fold(tx, orderSummary, 3));
    await owner.batch((tx) => own(seen)(tx, 1));
    const failing = owner.batch(async (tx) => {
      await fold(tx, orderSummary, 3);
      throw new RangeError('made up');
    });
    await expect(failing).rejects.toThrow('made up');
    expect((await client.query(all)).rows).toEqual(before);
  });
});
