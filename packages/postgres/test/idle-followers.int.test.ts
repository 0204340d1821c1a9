import { startPostgres, type PostgresServer } from '@leftfold/infra';
import { postgres, type PgClient, type PgPool, type PgQuery } from '@leftfold/postgres';
import { follow, jsonCodec, relay, type Broker, type Publisher, type Running } from '@leftfold/subscriptions';
import { eventually } from '@leftfold/testing';
import { Pool, type PoolClient, type QueryConfig } from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { freshDatabase, testLog } from './fresh-log.ts';
import { listThing, thingCounts, thingList } from './thing-list.ts';

const LANES = 16;
/** Long enough that what comes every 15 seconds comes at least once. */
const WINDOW_SECONDS = 20;
/** Of a whole service in a second. */
const MOST_STATEMENTS = 3;
const MOST_IDS = 1;

let server: PostgresServer;
// A server of its own: transaction ids are the whole cluster's.
beforeAll(async () => {
  server = await startPostgres({ own: true });
});
afterAll(() => server?.stop());

/** What one process asks, by name. */
class Asking {
  readonly pool: Pool;
  counts: Record<string, number> = {};

  constructor(url: string) {
    this.pool = new Pool({ connectionString: url, max: 10 });
    this.pool.on('error', () => undefined);
  }
  get counting(): PgPool {
    // A connection is known by its object.
    const known = new WeakMap<PoolClient, PgClient>();
    return {
      connect: async () => {
        const client = await this.pool.connect();
        const counting: PgClient = known.get(client) ?? {
          query: (query: PgQuery) => {
            const [, name = 'unprepared'] = /^leftfold_(\w+)_[0-9a-f]+$/.exec(query.name ?? '') ?? [];
            this.counts[name] = (this.counts[name] ?? 0) + 1;
            return client.query(query as QueryConfig);
          },
          on: (event: string, listener: (...args: never[]) => void) => client.on(event as 'error', listener as never),
          removeListener: (event, listener) => client.removeListener(event, listener),
          release: (destroy) => client.release(destroy),
        };
        known.set(client, counting);
        return counting;
      },
    };
  }
}

/** Confirms all that it is given. */
const publisher: Publisher = {
  partitions: async () => LANES,
  publish: async (records) =>
    [...new Map(records.map(({ topic, partition }) => [partition, topic]))].map(([partition, topic]) => ({
      topic,
      partition,
      kind: 'written' as const,
    })),
  close: async () => undefined,
};

test('a relay and three projections that follow the log over 16 lanes, each in a process of its own, let an idle service be idle', async () => {
  const log = await testLog({ url: await freshDatabase(server.url), lanes: LANES });
  const processes = [new Asking(log.url), new Asking(log.url)] as const;
  const [first, second] = processes.map(({ counting }) => postgres({ pool: counting, lanes: LANES }));
  if (first === undefined || second === undefined) throw new Error('there are two');
  const to: Broker = {
    source: log.storage.log,
    publisher: async () => publisher,
    codec: jsonCodec(),
    description: 'all',
  };
  const running: readonly Running[] = await Promise.all([
    relay({ storage: first, to, service: 'ops' }),
    ...[thingList(1), thingList(2), thingCounts].map((each) => follow(each, { from: second.log, storage: second })),
  ]);
  onTestFinished(async () => {
    await Promise.all(running.map((one) => one.stop()));
    await Promise.all(processes.map(({ pool }) => pool.end()));
  });
  // Transactions beside each other: each sees others running, whose end every reader is told of.
  for (let round = 0; round < 5; round++)
    await Promise.all(Array.from({ length: 8 }, (_, n) => listThing(log.storage.store, `k${round}-${n}`, `w${n}`)));
  await Promise.all(running.map((one) => one.caughtUp()));

  const observer = await log.connect();
  const ids = async (): Promise<number> => {
    const { rows } = await observer.query<{ ids: number }>(
      'select pg_snapshot_xmax(pg_current_snapshot())::text::float8 as ids',
    );
    return rows[0]?.ids ?? Number.NaN;
  };
  const pass = (seconds: number): Promise<unknown> => observer.query('select pg_sleep($1)', [seconds]);
  const clear = (): void => {
    for (const each of processes) each.counts = {};
  };
  let hasMilestones = false;
  // The last places are saved within a second, the last milestones within ten.
  await eventually(
    async () => {
      clear();
      await pass(3);
      const isWriting = (name: string): boolean => processes.some(({ counts }) => counts[name] !== undefined);
      hasMilestones ||= isWriting('write_milestone');
      return hasMilestones && !isWriting('write_milestone') && !isWriting('move_checkpoint');
    },
    { timeoutMs: 40_000 },
  );

  clear();
  const before = await ids();
  await pass(WINDOW_SECONDS);
  const drawn = (await ids()) - before;
  const asked = processes.map(({ counts }) => counts);
  // Unprepared: what a connection is asked when it is new.
  const expected = ['log_poll', 'renew_leases', 'notify', 'unprepared'];
  for (const counts of asked) expect(Object.keys(counts).filter((name) => !expected.includes(name))).toEqual([]);
  const statements = asked.flatMap((counts) => Object.values(counts)).reduce((sum, count) => sum + count, 0);
  expect(statements / WINDOW_SECONDS).toBeLessThanOrEqual(MOST_STATEMENTS);
  expect(drawn / WINDOW_SECONDS).toBeLessThanOrEqual(MOST_IDS);
}, 120_000);
