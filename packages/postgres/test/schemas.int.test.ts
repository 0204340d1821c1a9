import { createHash } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { Pool } from 'pg';
import { aggregate, event, repository, t, versionsOf, type AnyEventType, type Json } from '@leftfold/core';
import { postgres, type PostgresStorage } from '@leftfold/postgres';
import { readSource, type LogRecord } from '@leftfold/subscriptions';
import { poolerOptions, testLog, type FreshLog } from './fresh-log.ts';

/** For the rest of the transaction, which is the text that begins so: as a superuser may, and nobody else. */
const PAST_THE_TRIGGER = 'set local session_replication_role = replica';

/** One release of a service: an aggregate of one event type, whose state is what it saw. */
const releaseOf = (changed: AnyEventType) =>
  aggregate('things.thing', { events: { changed } as never, initial: (): readonly object[] => [] })
    .evolve({ changed: (seen: readonly object[], data: object) => [...seen, data] } as never)
    .decide({ change: (_seen, data: object) => [(changed as unknown as (data: object) => never)(data)] });
const first: AnyEventType = event('things.thing.changed', { n: t.int(), kind: t.enum('Kind', ['a', 'b']) });
const second: AnyEventType = event('things.thing.changed', {
  n: t.long(),
  kind: t.enum('Kind', ['c', 'a']),
  note: t.withDefault(t.string(), '-'),
});

/** The same log in another process: its own pool, its own memory of schemas. */
function processOf({ url }: FreshLog): PostgresStorage {
  const pool = new Pool({ connectionString: url, max: 2 });
  pool.on('error', () => undefined);
  onTestFinished(() => pool.end());
  return postgres({ pool, ...poolerOptions });
}
const rowsOf = async ({ pool }: FreshLog) =>
  (await pool.query(`select id, type, version, fingerprint, avro::text as avro from leftfold.schemas order by id`))
    .rows as {
    readonly id: number;
    readonly type: string;
    readonly version: number;
    readonly fingerprint: string;
    readonly avro: string;
  }[];
async function recordsOf({ log }: PostgresStorage): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const batch of readSource(log, { until: await log.head() })) records.push(...batch.records);
  return records;
}

test('the text of a schema is kept as it is, once, under its fingerprint', async () => {
  const log = await testLog();
  await repository(releaseOf(first), log.storage.store).change('1', { n: 1, kind: 'a' });
  const { writer } = versionsOf(first)[0]!;
  const text = JSON.stringify(writer.avro);
  expect(await rowsOf(log)).toMatchObject([
    { type: first.type, version: 1, fingerprint: writer.fingerprint, avro: text },
  ]);
  expect(createHash('sha256').update(text).digest('hex')).toBe(writer.fingerprint);
});

test('processes with the same text share one row, also when all write it for the first time at once', async () => {
  const log = await testLog();
  const processes = Array.from({ length: 6 }, () => processOf(log));
  await Promise.all(
    processes.map(({ store }, i) => repository(releaseOf(first), store).change(String(i), { n: i, kind: 'a' })),
  );
  const [row, ...others] = await rowsOf(log);
  expect(others).toEqual([]);
  const { rows } = await log.pool.query('select distinct schema_id from leftfold.events');
  expect(rows).toEqual([{ schema_id: row?.id }]);
});

test('two releases side by side, each with its revision of a version, read what the other writes in one stream, for load and from the log', async () => {
  const log = await testLog();
  const [old, young] = [processOf(log), processOf(log)];
  const [oldThings, youngThings] = [
    repository(releaseOf(first), old.store),
    repository(releaseOf(second), young.store),
  ];
  await oldThings.change('1', { n: 1, kind: 'b' });
  await youngThings.change('1', { n: 2n, kind: 'c', note: 'new' });
  await oldThings.change('2', { n: 3, kind: 'a' });

  expect((await youngThings.load('1')).state).toEqual([
    { n: 1n, kind: 'c', note: '-' },
    { n: 2n, kind: 'c', note: 'new' },
  ]);
  // The older release cannot read a long as an int, and says which field; the streams of others go on.
  await expect(oldThings.load('1')).rejects.toMatchObject({
    code: 'LF_PAYLOAD_UNDECODABLE',
    message: expect.stringMatching(/n long cannot be read as int; keep the type/) as unknown,
  });
  expect((await oldThings.load('2')).state).toEqual([{ n: 3, kind: 'a' }]);

  const rows = await rowsOf(log);
  expect(rows.map(({ version, fingerprint }) => [version, fingerprint])).toEqual(
    [first, second].map((type) => [1, versionsOf(type)[0]?.writer.fingerprint]),
  );
  const { schema } = versionsOf(second)[0]!;
  const read = (await recordsOf(processOf(log))).map((record) => record.decode(schema));
  expect(read).toEqual([
    { n: 1n, kind: 'c', note: '-' },
    { n: 2n, kind: 'c', note: 'new' },
    { n: 3n, kind: 'a', note: '-' },
  ]);
});

test('a revision with a default is read by the release before it, which leaves the new field out', async () => {
  const log = await testLog();
  const revised: AnyEventType = event('things.thing.changed', {
    n: t.int(),
    kind: t.enum('Kind', ['a', 'b', 'c']),
    note: t.nullable(t.string()),
  });
  await repository(releaseOf(revised), processOf(log).store).change('1', { n: 1, kind: 'c', note: 'x' });
  expect((await repository(releaseOf(first), processOf(log).store).load('1')).state).toEqual([{ n: 1, kind: 'a' }]);
});

test('a row that names a schema which is not there is a clear fault, for load and from the log', async () => {
  const log = await testLog();
  await repository(releaseOf(first), log.storage.store).change('1', { n: 1, kind: 'a' });
  await log.pool.query(`${PAST_THE_TRIGGER}; update leftfold.events set schema_id = 4711`);

  const other = processOf(log);
  const unknown = { code: 'LF_SCHEMA_UNKNOWN', message: expect.stringMatching(/4711/) as unknown };
  await expect(repository(releaseOf(first), other.store).load('1')).rejects.toMatchObject(unknown);
  const faults: unknown[] = [];
  const stop = new AbortController();
  await other.log.run(
    {
      name: 'test',
      from: async () => 'start',
      handle: async () => undefined,
      faulted: (_lane, error) => {
        faults.push(error);
        stop.abort();
      },
    },
    stop.signal,
  );
  expect(faults[0]).toMatchObject(unknown);
});

test.each<[string, Json, RegExp]>([
  ['is no Avro', { type: 'nothing' }, /no Avro schema: its root names the type 'nothing'/],
  ['is that of something else', { type: 'record', name: 'Other', fields: [] }, /the reader's field 'n' has no default/],
])('a stored text that %s is a typed error that says so, and no crash', async (_, avro, why) => {
  const log = await testLog();
  await repository(releaseOf(first), log.storage.store).change('1', { n: 1, kind: 'a' });
  await log.pool.query(
    `${PAST_THE_TRIGGER}; update leftfold.schemas set avro = '${JSON.stringify(avro)}', fingerprint = gen_random_uuid()::text`,
  );

  const other = processOf(log);
  await expect(repository(releaseOf(first), other.store).load('1')).rejects.toMatchObject({
    code: 'LF_PAYLOAD_UNDECODABLE',
    message: expect.stringMatching(why) as unknown,
  });
  const [record] = await recordsOf(other);
  expect(() => record?.decode(versionsOf(first)[0]!.schema)).toThrow(
    expect.objectContaining({ code: 'LF_RECORD_UNDECODABLE', message: expect.stringMatching(why) as unknown }),
  );
});
