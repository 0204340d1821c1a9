import { postgres, trimReplies } from '@leftfold/postgres';
import { eventually, newStream } from '@leftfold/testing';
import { expect, test } from 'vitest';
import { type FreshLog, poolerOptions, testLog } from './fresh-log.ts';

const countOf = async ({ pool }: FreshLog, which = 'true'): Promise<number> =>
  (await pool.query(`select count(*)::int as count from leftfold.replies where ${which}`)).rows[0].count;

/** Replies that have expired a minute ago, and as many that hold for an hour. */
const fill = ({ pool }: FreshLog, expired: number, valid = 10): Promise<unknown> =>
  pool.query(
    `insert into leftfold.replies select '', case when i <= $1 then 'expired ' else 'valid ' end || i, 'h', '1', '{}', 't',
  clock_timestamp() + case when i <= $1 then -interval '1 minute' else interval '1 hour' end from generate_series(1, $1::int + $2::int) i`,
    [expired, valid],
  );
const reply = (key: string) => ({ tenant: '', key, requestHash: 'h', reply: '1', keepMs: 60_000 });

test('expired replies are deleted as new ones are stored, a thousand at once, and no others', async () => {
  const log = await testLog();
  await fill(log, 2_500);
  const store = async (from: number): Promise<void> => {
    await Promise.all(
      Array.from({ length: 500 }, (_, i) => log.storage.store.append([], { reply: reply(`new ${from + i}`) })),
    );
  };
  for (const [round, left] of [1_500, 500, 0].entries()) {
    await store(round * 500);
    await eventually(async () => (await countOf(log, `key like 'expired%'`)) === left);
  }
  expect(await countOf(log, `key like 'valid%'`)).toBe(10);
  expect(await countOf(log, `key like 'new%'`)).toBe(1_500);
  await log.storage.store.append([], { reply: reply('last') });
});

test('an expired reply that somebody holds is left out, and keeps nobody waiting', async () => {
  const log = await testLog();
  await fill(log, 20);
  const holder = await log.connect();
  await holder.query(`begin; select from leftfold.replies where key in ('expired 3', 'expired 7') for update`);
  expect(await trimReplies(log.pool)).toBe(18);
  await holder.query('rollback');
  expect(await trimReplies(log.pool)).toBe(2);
  expect(await trimReplies(log.pool)).toBe(0);
  expect(await countOf(log)).toBe(10);
});

test('trimReplies deletes all of them, however many, in the schema it is given', async () => {
  const log = await testLog();
  await fill(log, 2_345);
  await expect(trimReplies(log.pool, { schema: 'No schema' })).rejects.toMatchObject({
    code: 'LF_SCHEMA_NAME_INVALID',
  });
  expect(await trimReplies(log.pool, { schema: 'leftfold' })).toBe(2_345);
  expect(await countOf(log)).toBe(10);
});

test('a trimming that fails harms nobody: appends go on, and a later one works', async () => {
  const log = await testLog();
  await fill(log, 100);
  await log.pool.query(`
    create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
    create trigger refuse before delete on leftfold.replies for each row execute function refuse()`);
  const { store } = log.storage;
  const append = (key: string) => store.append([], { reply: reply(key) });
  const first = await Promise.all(Array.from({ length: 501 }, (_, i) => append(`a${i}`)));
  await log.pool.query('drop trigger refuse on leftfold.replies');
  expect(new Set(first.map(({ kind }) => kind))).toEqual(new Set(['appended']));
  let more = 0;
  await eventually(async () => {
    await Promise.all(Array.from({ length: 100 }, () => append(`b${more++}`)));
    return (await countOf(log, `key like 'expired%'`)) === 0;
  });
  expect(await store.append([], { reply: reply('a0') })).toMatchObject({ kind: 'replied' });
});

test('an append is not kept waiting by a trimming that is', async () => {
  const log = await testLog({ pool: { max: 2 } });
  await fill(log, 10);
  await log.pool.query(`
    create function slow() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(42); return old; end $$;
    create trigger slow before delete on leftfold.replies for each row execute function slow()`);
  const holder = await log.connect();
  await holder.query('begin; select pg_advisory_xact_lock(42)');
  const { store } = postgres({ ...poolerOptions, pool: log.pool });
  const waits = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  for (let i = 0; i < 500; i++) await store.append([], { reply: reply(`a${i}`) });
  // In a transaction the activity stays as it was at the first look.
  const looking = await log.connect();
  await eventually(async () => (await looking.query(waits)).rowCount === 1);
  for (let i = 0; i < 5; i++) {
    const outcome = await store.append([{ stream: newStream(), expect: 'absent', events: [] }], {
      reply: reply(`b${i}`),
    });
    expect(outcome.kind).toBe('appended');
  }
  expect(await countOf(log, `key like 'expired%'`)).toBe(10);
  await holder.query('commit');
  await eventually(async () => (await countOf(log, `key like 'expired%'`)) === 0);
});
