import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { createDatabase, startKafka, startPostgres, type KafkaCluster, type PostgresServer } from '@leftfold/infra';
import { eventually } from '@leftfold/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { OrdersProcess } from '../demo/orders-process.ts';
import { pushSchemas } from '../demo/push-schemas.ts';

/** Long enough that what comes every ten seconds comes at least twice. */
const WINDOW_SECONDS = 21;
/** In a second, of all processes together. */
const MOST_STATEMENTS = 3;
const MOST_IDS = 1;

let server: PostgresServer;
/** Of its own, too: the topic is the sample's, and another log's records in it would be a fault to deal with. */
let kafka: KafkaCluster;
let observer: Client;
let processes: readonly OrdersProcess[] = [];

// A server of its own: transaction ids are the whole cluster's.
beforeAll(async () => {
  [server, kafka] = await Promise.all([startPostgres({ own: true }), startKafka({ brokers: 1, own: true })]);
  const databaseUrl = await createDatabase(server.url);
  observer = new Client({ connectionString: databaseUrl, application_name: 'observer' });
  await observer.connect();
  await pushSchemas(inject('registryUrl'));
  processes = (['api', 'relay', 'projector'] as const).map(
    (entryPoint) =>
      new OrdersProcess(entryPoint, {
        DATABASE_URL: databaseUrl,
        KAFKA_BROKERS: kafka.brokers.join(','),
        SCHEMA_REGISTRY: inject('registryUrl'),
        PGAPPNAME: entryPoint,
      }),
  );
  for (const one of processes) await one.start();
});
afterAll(async () => {
  await Promise.all(processes.map((one) => one.stop()));
  await observer?.end();
  await Promise.all([server?.stop(), kafka?.stop()]);
});

/** What has been used up so far: by the database, of the cluster's transaction ids, and of processor time by each process. */
interface Usage {
  readonly seconds: number;
  readonly transactions: number;
  readonly ids: number;
  readonly ticks: readonly number[];
}
async function usage(): Promise<Usage> {
  const { rows } = await observer.query<{ seconds: number; transactions: number; ids: number }>(
    `select extract(epoch from clock_timestamp())::float8 as seconds, pg_snapshot_xmax(pg_current_snapshot())::text::float8 as ids,
            (select xact_commit + xact_rollback from pg_stat_database where datname = current_database())::float8 as transactions`,
  );
  return { ...(rows[0] as Usage), ticks: await Promise.all(processes.map(({ pid }) => ticksOf(pid as number))) };
}

/** Hundredths of a second of processor time, its own and the kernel's for it. */
async function ticksOf(pid: number): Promise<number> {
  if (process.platform === 'linux') {
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ');
    return Number(fields[11]) + Number(fields[12]);
  }
  const { stdout } = await promisify(execFile)('ps', ['-o', 'time=', '-p', String(pid)]);
  return stdout
    .trim()
    .split(':')
    .reduce((sum, part) => sum * 60 + Number(part) * 100, 0);
}

async function connections(): Promise<Readonly<Record<string, number>>> {
  const { rows } = await observer.query<{ name: string; count: number }>(
    `select application_name as name, count(*)::int as count from pg_stat_activity
      where datname = current_database() and application_name <> 'observer' group by 1`,
  );
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}

test('a service with nothing to do asks the database next to nothing, and draws next to no transaction ids', async () => {
  // What was asked at the start is counted late: the server's own count lags behind by up to ten seconds.
  await eventually(
    async () => {
      const before = await usage();
      await observer.query('select pg_sleep(11)');
      return (await usage()).transactions - before.transactions < 11 * MOST_STATEMENTS;
    },
    { timeoutMs: 60_000 },
  );

  const before = await usage();
  await observer.query('select pg_sleep($1)', [WINDOW_SECONDS]);
  const after = await usage();
  const held = await connections();

  const seconds = after.seconds - before.seconds;
  // The observer's own: its sleep, and one look.
  const transactions = after.transactions - before.transactions - 2;
  expect(transactions).toBeGreaterThan(0);
  expect(transactions / seconds).toBeLessThanOrEqual(MOST_STATEMENTS);
  expect((after.ids - before.ids) / seconds).toBeLessThanOrEqual(MOST_IDS);
  expect(held['relay']).toBeLessThanOrEqual(5);
  expect(held['projector'] ?? 0).toBeLessThanOrEqual(5);
  for (const [i, { entryPoint }] of processes.entries()) {
    const share = ((after.ticks[i] as number) - (before.ticks[i] as number)) / 100 / seconds;
    expect({ entryPoint, isIdle: share < 0.05 }).toEqual({ entryPoint, isIdle: true });
  }
}, 120_000);
