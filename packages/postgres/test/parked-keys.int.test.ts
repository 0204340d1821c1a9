import { encodeEvent, event, streamRef, t, uuidV7, type EventId } from '@leftfold/core';
import { sqlProjection } from '@leftfold/postgres';
import { follow, projection, type AnyProjection, type ParkedHead, type Running } from '@leftfold/subscriptions';
import { eventually } from '@leftfold/testing';
import { sql, type Transaction } from 'kysely';
import { expect, test } from 'vitest';
import { testLog, type FreshLog } from './fresh-log.ts';

// One poisoned key in a hundred, on a real Postgres.

const CATEGORY = 'poison.order';
const stepped = event('poison.order.stepped', { n: t.int() });
const KEYS = Array.from({ length: 100 }, (_, index) => `k${index}`);
const SICK = 'k42';
/** Which step of the sick key no code could apply, until it was mended. */
const BAD_STEP = 3;

/** What each release makes of the same definition. */
interface Release {
  readonly isMended: boolean;
}
const examine = ({ isMended }: Release, key: string, n: number): void => {
  if (!isMended && key === SICK && n === BAD_STEP) throw new Error(`cannot apply ${n}`);
};
/** Rows of one stream: each step in its turn. */
const paths = (release: Release, name = 'paths') =>
  projection(name, { version: 1, key: 'id', row: { id: t.string(), path: t.string() } }).upsert(
    stepped,
    (row, { data: { n }, stream: { key } }) => {
      examine(release, key, n);
      return { id: key, path: `${row?.path ?? ''}${n},` };
    },
  );
/** Rows that ten streams feed: the sick one's row waits, and with it nothing else. */
const tens = (release: Release, name = 'tens') =>
  projection(name, {
    version: 1,
    key: 'id',
    row: { id: t.string(), steps: t.int(), sum: t.int() },
    order: 'any',
  }).upsert(stepped, { by: ({ stream }) => stream.key.at(-1) ?? '' }, (row, { data: { n }, stream: { key } }) => {
    examine(release, key, n);
    return { id: key.at(-1) ?? '', steps: (row?.steps ?? 0) + 1, sum: (row?.sum ?? 0) + n };
  });
interface Steps {
  steps: { id: string; n: number; times: number };
}
/** Statements of its own, which the database refuses: a step that comes again counts. */
const steps = ({ isMended }: Release, name = 'steps') =>
  sqlProjection(name, {
    version: 1,
    create: async (db: Transaction<Steps>) => {
      await db.schema
        .createTable('steps')
        .addColumn('id', 'text', (column) => column.notNull())
        .addColumn('n', 'integer', (column) => column.notNull())
        .addColumn('times', 'integer', (column) => column.notNull().check(sql`times > 0`))
        .addPrimaryKeyConstraint('steps_key', ['id', 'n'])
        .execute();
    },
  }).batch([stepped], async (events, db) => {
    const isRefused = (key: string, n: number): boolean => !isMended && key === SICK && n === BAD_STEP;
    await db
      .insertInto('steps')
      .values(events.map(({ data: { n }, stream: { key } }) => ({ id: key, n, times: isRefused(key, n) ? 0 : 1 })))
      .onConflict((conflict) => conflict.columns(['id', 'n']).doUpdateSet({ times: sql`steps.times + 1` }))
      .execute();
  });

async function step({ storage }: FreshLog, n: number): Promise<void> {
  const append = (key: string) =>
    storage.store.append([
      {
        stream: streamRef(CATEGORY, key, ''),
        expect: 'any',
        events: [encodeEvent(stepped, stepped({ n }), uuidV7() as EventId, { correlationId: 'c' })],
      },
    ]);
  await Promise.all(KEYS.map(append));
}

test.each([
  { of: 'rows of one stream', make: paths, table: 'paths', key: `stream/${CATEGORY}-${SICK}`, code: 'LF_FOLD_FAILED' },
  { of: 'rows that several streams feed', make: tens, table: 'tens', key: 'row/2', code: 'LF_FOLD_FAILED' },
  { of: 'statements of its own', make: steps, table: 'steps', key: `stream/${CATEGORY}-${SICK}`, code: '23514' },
] as const)(
  'C5 C6 C15 $of: one poisoned key in a hundred holds up no other; after the fix a retry gives the model as if nothing had happened',
  async ({ make, table, key, code }) => {
    const log = await testLog();
    const { storage, pool } = log;
    const start = (definition: AnyProjection): Promise<Running> => follow(definition, { from: storage.log, storage });
    const rowsOf = async (name: string): Promise<readonly object[]> =>
      (await pool.query(`select * from leftfold_${name}_v1.${table === 'steps' ? 'steps' : name} order by 1, 2`)).rows;
    const head = async (): Promise<ParkedHead | undefined> => (await storage.parked.list({ limit: 2 }))[0];
    for (let n = 1; n <= 5; n++) await step(log, n);

    const broken = await start(make({ isMended: false }));
    await broken.caughtUp();
    // It goes on parked while more comes, and nothing else waits for it.
    await step(log, 6);
    await broken.caughtUp();
    const parked = await storage.parked.list({ limit: 10 });
    expect(parked.map((one) => [one.key, one.cause.code, one.first.streamVersion])).toEqual([
      [key, code, BigInt(BAD_STEP)],
    ]);
    const healthy = await start(make({ isMended: true }, `${table}-aside`));
    await healthy.caughtUp();
    const idOf = (row: object): unknown => (row as { id: unknown }).id;
    const isHeld = (row: object): boolean => idOf(row) === SICK || key === `row/${String(idOf(row))}`;
    const others = (rows: readonly object[]): readonly object[] => rows.filter((row) => !isHeld(row));
    const expected = await rowsOf(`${table}_aside`);
    expect(others(expected).length).toBeGreaterThan(8);
    expect(others(await rowsOf(table))).toEqual(others(expected));
    expect(await rowsOf(table)).not.toEqual(expected);

    // A retry without the fix: tried once more, and parked as before.
    await storage.parked.request(parked[0] as ParkedHead, { kind: 'retry', by: 'somebody' });
    await eventually(async () => {
      const now = await head();
      return now?.attempts === 2 && now.request === undefined;
    });
    await broken.stop();

    const mended = await start(make({ isMended: true }));
    await storage.parked.request((await head()) as ParkedHead, { kind: 'retry', by: 'somebody' });
    // New events of the key come while what is parked is applied.
    for (let n = 7; n <= 9; n++) await step(log, n);
    await eventually(async () => (await head()) === undefined);
    await Promise.all([mended, healthy].map((running) => running.caughtUp()));
    expect(await rowsOf(table)).toEqual(await rowsOf(`${table}_aside`));
    expect(mended.status().lanes.map(({ state }) => state)).toEqual(['following']);
    await Promise.all([mended, healthy].map((running) => running.stop()));
  },
);
