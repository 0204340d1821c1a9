import { setTimeout as pause } from 'node:timers/promises';
import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId, EventStore, ReadToken, StreamVersion } from '@leftfold/core';
import { createDatabase } from '@leftfold/infra';
import { memoryBroker } from '@leftfold/memory';
import { applyMigrations, postgres, readModels } from '@leftfold/postgres';
import {
  follow,
  freshness,
  joinTokens,
  projection,
  relay,
  type AnyProjection,
  type Running,
} from '@leftfold/subscriptions';
import { Client, Pool } from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';

const STEPS = 160;
const LANES = 4;
const seed = Number(process.env['LEFTFOLD_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const stepped = event('tests.walk.stepped', { by: t.int() });
const row = { id: t.string(), steps: t.int() };
const walks = (name: string) =>
  projection(name, { version: 1, key: 'id', row }).upsert(stepped, (before, { stream }) => ({
    id: stream.key,
    steps: (before?.steps ?? 0) + 1,
  }));
const fromLog = walks('walks-of-log');
const fromTopic = walks('walks-of-topic');

/** Whole numbers from 0 to below an end. Source: mulberry32, by Tommy Ettinger. */
function seeded(from: number): (end: number) => number {
  let state = from >>> 0;
  return (end) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * end);
  };
}

/** What one write left, as whoever made it knows: so many steps of each walk at least are to be seen. */
interface Written {
  readonly token: ReadToken;
  readonly steps: ReadonlyMap<string, StreamVersion>;
}
async function write(store: EventStore, keys: readonly string[]): Promise<Written> {
  const outcome = await store.append(
    keys.map((key) => ({
      stream: streamRef('tests.walk', key),
      expect: 'any',
      events: [encodeEvent(stepped, stepped({ by: 1 }), uuidV7() as EventId, { correlationId: 'c' })],
    })),
  );
  if (outcome.kind !== 'appended') throw new Error(outcome.kind);
  return { token: outcome.token, steps: new Map(keys.map((key, n) => [key, outcome.versions[n] as StreamVersion])) };
}

test(`C14 whatever order transactions commit in, and whoever is stopped meanwhile: what a token says is applied is there, from the log and from a topic (seed ${seed})`, async () => {
  const url = await createDatabase(inject('postgresUrl'));
  const pool = new Pool({ connectionString: url, max: 20 });
  pool.on('error', () => undefined);
  await applyMigrations(pool);
  const storage = postgres({ pool, lanes: LANES });
  // As another process has it, which is told nothing of lanes.
  const elsewhere = postgres({ pool });
  const broker = memoryBroker({ partitions: 8 });
  const here = freshness({ storage, brokers: [broker] });
  const there = freshness({ storage: elsewhere, brokers: [broker] });
  const db = readModels(pool, [fromLog, fromTopic]);
  const clients: Client[] = [];
  onTestFinished(async () => {
    await Promise.all(clients.map((client) => client.end()));
    await pool.end();
  });
  const starts = [
    () => follow(fromLog, { from: storage.log, storage }),
    () => follow(fromTopic, { from: broker.source, storage }),
    () => relay({ storage, to: broker, service: 'tests' }),
  ] as const;
  const running: Running[] = await Promise.all(starts.map((start) => start()));

  const below = seeded(seed);
  const one = <T>(all: readonly T[]): T => all[below(all.length)] as T;
  const lies: string[] = [];
  let verdicts = 0;
  const stepsIn = async (table: 'walks_of_log' | 'walks_of_topic', key: string): Promise<number> => {
    const found = await db.selectFrom(table).select('steps').where('id', '=', key).executeTakeFirst();
    return found?.steps ?? 0;
  };
  const check = async (written: readonly Written[], by: AnyProjection, timeoutMs: number): Promise<boolean> => {
    const fresh = below(2) === 0 ? here : there;
    const token = joinTokens(written.map((each) => each.token));
    const isApplied = await fresh.applied(token, [by], { timeoutMs }).then(
      () => true,
      (error: unknown) => {
        if ((error as { readonly code?: unknown }).code !== 'LF_NOT_YET_APPLIED') throw error;
        return false;
      },
    );
    verdicts += 1;
    if (!isApplied) return false;
    for (const { steps } of written) {
      for (const [key, version] of steps) {
        const seen = await stepsIn(by === fromLog ? 'walks_of_log' : 'walks_of_topic', key);
        if (seen < version) lies.push(`${by.name}: ${key} has ${seen} steps of ${version}`);
      }
    }
    return true;
  };

  const checks: Promise<unknown>[] = [];
  const committed: Written[] = [];
  const open: { readonly client: Client; readonly keys: readonly string[]; written: Written[] }[] = [];
  const shared = Array.from({ length: 10 }, (_, n) => `shared-${n}`);
  for (let step = 0; step < STEPS; step++) {
    const fate = below(100);
    if (fate < 12 && open.length < 5) {
      const client = new Client({ connectionString: url });
      await client.connect();
      clients.push(client);
      // Some have an id long before they write.
      await client.query(below(2) === 0 ? 'begin' : 'begin; select pg_current_xact_id()');
      open.push({ client, keys: [`own-${step}-a`, `own-${step}-b`], written: [] });
    } else if (fate < 35 && open.length > 0) {
      const { client, keys, written } = one(open);
      const late = await write(storage.store.within(client), below(2) === 0 ? keys : [one(keys)]);
      written.push(late);
      // Nobody can see it, so nothing may say that it is applied.
      if (below(3) === 0 && (await check([late], one([fromLog, fromTopic]), 0))) lies.push('not committed');
    } else if (fate < 55 && open.length > 0) {
      const [ended] = open.splice(below(open.length), 1);
      const isKept = below(5) > 0;
      await ended?.client.query(isKept ? 'commit' : 'rollback');
      for (const written of ended?.written ?? []) {
        const kept = isKept ? written : { ...written, steps: new Map<string, StreamVersion>() };
        committed.push(kept);
        checks.push(check([kept], one([fromLog, fromTopic]), one([0, 20, 200])));
      }
    } else if (fate < 62) {
      const n = below(running.length);
      await running[n]?.stop();
      await pause(below(20));
      running[n] = await (starts[n] as (typeof starts)[number])();
    } else {
      const keys = below(3) === 0 ? [...new Set([one(shared), one(shared), one(shared)])] : [one(shared)];
      committed.push(await write(storage.store, keys));
      const some = [committed.at(-1) as Written, ...(below(2) === 0 ? [one(committed)] : [])];
      checks.push(check(some, one([fromLog, fromTopic]), one([0, 5, 50, 500])));
    }
  }
  await Promise.all(checks);
  // One stays open: it holds up nobody who wrote beside it.
  const [last, ...others] = open;
  for (const { client } of others) await client.query('rollback');
  for (const by of [fromLog, fromTopic]) {
    const all = await Promise.all(committed.map((written) => check([written], by, 30_000)));
    expect(all.filter((isApplied) => !isApplied)).toEqual([]);
  }
  await last?.client.query('rollback');
  await Promise.all(running.map((each) => each.stop()));
  expect(lies).toEqual([]);
  expect(verdicts).toBeGreaterThan(2 * committed.length);
}, 120_000);
