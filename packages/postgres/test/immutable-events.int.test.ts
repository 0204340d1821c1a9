import { newEvents, newStream } from '@leftfold/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshLog, testLog } from './fresh-log.ts';

const REASON = `set local leftfold.erase_reason = 'because';`;

async function logWithEvents() {
  const log = await testLog();
  await log.storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(3) }]);
  return log;
}
const ERASE = `update leftfold.events set payload = '{}', metadata = '{}' where version = 2`;

describe('nobody changes events', () => {
  // What is refused leaves nothing behind, so one log serves all.
  let log: Awaited<ReturnType<typeof freshLog>>;
  beforeAll(async () => {
    log = await freshLog();
    await log.storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(3) }]);
  });
  afterAll(() => log.end());

  test.each([
    'delete from leftfold.events',
    'delete from leftfold.events where version = 3',
    'truncate leftfold.events',
    'truncate leftfold.events cascade',
    ERASE,
    `set local leftfold.erase_reason = ''; ${ERASE}`,
    `${REASON} delete from leftfold.events`,
    `${REASON} truncate leftfold.events`,
    ...[
      'position = position + 1',
      `xid = '7'`,
      'version = version + 10',
      `tenant = 'x'`,
      `stream_id = 'x'`,
      'event_id = gen_random_uuid()',
      'recorded_at = now()',
      'hash = hash + 1',
      'schema_id = schema_id + 1',
      `category = 'x'`,
      `topic = null`,
      `payload = '{}', version = version + 10`,
    ].map((set) => `${REASON} update leftfold.events set ${set}`),
  ])('even a superuser is refused: %s', async (sql) => {
    const { pool } = log;
    const all = () => pool.query('select e::text as row from leftfold.events e order by position');
    const before = (await all()).rows;
    await expect(pool.query(sql)).rejects.toMatchObject({
      code: 'LF002',
      hint: expect.stringContaining('erase_reason'),
    });
    expect((await all()).rows).toEqual(before);
    expect((await pool.query('select 1 from leftfold.erasures')).rows).toEqual([]);
  });
});

test('a reason holds for its transaction alone', async () => {
  const { pool } = await logWithEvents();
  const client = await pool.connect();
  await client.query(`begin; ${REASON} ${ERASE}; commit`);
  await expect(client.query(ERASE)).rejects.toMatchObject({ code: 'LF002' });
  client.release();
});

test('each erasure of an event is on record, also a second one of the same event, and one that is undone leaves none', async () => {
  const { pool } = await logWithEvents();
  await pool.query(`begin; ${REASON} ${ERASE}; ${ERASE}; commit`);
  await pool.query(`begin; ${REASON} ${ERASE}; rollback`);
  const { rows } = await pool.query('select version, position, erased_by, reason from leftfold.erasures');
  const each = { version: '2', position: '2', erased_by: 'postgres', reason: 'because' };
  expect(rows).toEqual([each, each]);
});

test('what is json and no jsonb can be erased, too', async () => {
  const { pool } = await logWithEvents();
  const odd = String.raw`{"what":"\u0000"}`;
  const erase = (payload: string) =>
    pool.query(`${REASON} update leftfold.events set payload = '${payload}' where version = 2`);
  await erase(odd);
  await erase('{"what":""}');
  expect((await pool.query('select 1 from leftfold.erasures')).rows).toHaveLength(2);
});
