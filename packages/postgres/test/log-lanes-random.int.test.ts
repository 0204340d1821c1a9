import { setTimeout as pause } from 'node:timers/promises';
import type { StreamRef } from '@leftfold/core';
import type { Cursor, Lane, Log, LogReader, LogRecord } from '@leftfold/subscriptions';
import { eventually, newEvents, newStream, thingHappened } from '@leftfold/testing';
import type { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshLog } from './fresh-log.ts';
import { seeded } from './seeded.ts';

const STEPS = 150;
const WANTED = 'conformance.thing.wanted';
const seed = Number(process.env['LEFTFOLD_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

let log: Awaited<ReturnType<typeof freshLog>>;
beforeAll(async () => {
  log = await freshLog({ pool: { max: 20 } });
});
afterAll(() => log.end());

/** A follower of several lanes that forgets what it got since its last save whenever it rejects a batch or comes again. */
class Follower {
  readonly got = new Map<Lane, LogRecord[]>();
  readonly faults: string[] = [];
  readonly log: Log;
  readonly #below: (end: number) => number;
  readonly only: LogReader['only'];
  readonly #saved = new Map<Lane, { readonly place: Cursor; readonly count: number }>();
  readonly #done = new Map<Lane, Cursor | 'start'>();
  #end: (() => Promise<void>) | undefined;
  isCalm = false;

  constructor(of: Log, below: (end: number) => number, only?: LogReader['only']) {
    this.log = of;
    this.#below = below;
    this.only = only;
  }

  start(): void {
    const stop = new AbortController();
    const running = this.log.run(
      {
        name: 'test',
        ...(this.only && { only: this.only }),
        from: async (lane) => {
          const saved = this.#saved.get(lane);
          this.got.set(lane, (this.got.get(lane) ?? []).slice(0, saved?.count ?? 0));
          this.#done.set(lane, saved?.place ?? 'start');
          return saved?.place ?? 'start';
        },
        handle: async ({ lane, from, to, records }, signal) => {
          if (from !== this.#done.get(lane)) this.faults.push(`${from} after ${this.#done.get(lane)}`);
          const fate = this.isCalm ? 50 : this.#below(100);
          if (fate < 10) await pause(this.#below(60), undefined, { signal }).catch(() => undefined);
          if (signal.aborted) return;
          if (fate > 95) throw new Error('a lane that is asked for again');
          this.got.get(lane)?.push(...records);
          this.#done.set(lane, to);
          if (fate % 2 === 0) this.#saved.set(lane, { place: to, count: this.got.get(lane)?.length ?? 0 });
        },
        faulted: (_, error) => void this.faults.push(String(error)),
      },
      stop.signal,
    );
    this.#end = async () => {
      stop.abort();
      await running;
    };
  }
  async stop(): Promise<void> {
    await this.#end?.();
  }
  hasPassed(head: ReadonlyMap<Lane, Cursor>): boolean {
    return [...head].every(([lane, end]) => this.log.hasPassed(this.#done.get(lane) ?? 'start', end));
  }
}

test(`L1 L4 lanes that are slow, reject and come again, under transactions that overlap: each gets its events once, in order (seed ${seed})`, async () => {
  const below = seeded(seed);
  const one = <T>(all: readonly T[]): T => all[below(all.length)] as T;
  const only = { types: [WANTED] };
  const of = (lanes: number, batchSize: number): Log => log.open({ lanes, batchSize }).log;
  const followers = [
    new Follower(of(4, 3), below),
    new Follower(of(2, 50), below, only),
    new Follower(of(16, 2), below),
    new Follower(of(1, 4), below, only),
  ];
  for (const follower of followers) follower.start();
  const streams = Array.from({ length: 12 }, () => newStream());
  const open: { readonly client: Client; readonly own: StreamRef[] }[] = [];
  const some = () =>
    newEvents(1 + below(below(10) === 0 ? 40 : 3)).map((event) =>
      below(4) === 0 ? { ...event, schema: { ...thingHappened, type: WANTED, version: 1 + below(3) } } : event,
    );
  for (let step = 0; step < STEPS; step++) {
    const fate = below(100);
    if (fate < 10 && open.length < 4) {
      const client = await log.connect();
      await client.query('begin; select pg_current_xact_id()');
      open.push({ client, own: [newStream(), newStream()] });
    } else if (fate < 40 && open.length > 0) {
      const { client, own } = one(open);
      await log.storage.store.within(client).append([{ stream: one(own), expect: 'any', events: some() }]);
    } else if (fate < 50 && open.length > 0) {
      const [ended] = open.splice(below(open.length), 1);
      await ended?.client.query(below(4) === 0 ? 'rollback' : 'commit');
    } else if (fate < 55) {
      const follower = one(followers);
      await follower.stop();
      follower.start();
    } else {
      await log.storage.store.append([{ stream: one(streams), expect: 'any', events: some() }]);
    }
  }
  for (const { client } of open) await client.query('commit');
  // These have a long way, on which lanes part and meet.
  const late = [new Follower(of(4, 3), below), new Follower(of(16, 2), below, only), new Follower(of(2, 5), below)];
  for (const follower of late) follower.start();
  const { rows: truth } = await log.pool.query(
    `select e.event_id as id, e.stream_id as stream, e.hash, s.type from leftfold.events e join leftfold.schemas s on s.id = e.schema_id
     order by stream_id, e.version`,
  );
  for (const follower of followers) follower.isCalm = true;
  for (const follower of [...followers, ...late]) {
    const head = await follower.log.head();
    await eventually(() => follower.hasPassed(head), { timeoutMs: 30_000 });
    await follower.stop();
  }

  expect(truth.length).toBeGreaterThan(STEPS);
  for (const follower of [...followers, ...late]) {
    expect(follower.faults).toEqual([]);
    const got = [...follower.got.values()].flat();
    const expected = follower.only === undefined ? truth : truth.filter(({ type }) => type === WANTED);
    const byStream = Map.groupBy(got, ({ stream }) => stream as string);
    for (const [stream, events] of Map.groupBy(expected, (row) => row.stream as string))
      expect(byStream.get(stream)?.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    expect(got).toHaveLength(expected.length);
  }
}, 120_000);
