// A process that appends to a few streams, side by side, until it is told to stop, or killed: alone, and in transactions that stay open while others overtake them.
import { setTimeout as pause } from 'node:timers/promises';
import { streamRef, uuidV7, type EncodedEvent, type EventId, type StreamRef } from '@leftfold/core';
import { postgres } from '@leftfold/postgres';
import { newEvent, SeededRandom } from '@leftfold/testing';
import { Client, Pool } from 'pg';
import { Orders, tell } from '../../processes/orders.ts';
import { Recorder } from '../../processes/recorder.ts';
import type { Told } from '../history.ts';
import { CATEGORIES, STREAMS, TENANTS, topicOf } from '../names.ts';

/** What a writer's process is started with. */
export interface AppenderStart {
  readonly name: string;
  readonly folder: string;
  readonly seed: number;
  readonly url: string;
  /** Side by side. */
  readonly writers: number;
  /** Milliseconds between two calls of one of them, on average. */
  readonly pauseMs: number;
}

const AFTER_FAULT_MS = 50;
const LONGEST_TRANSACTION_MS = 150;

const start = JSON.parse(process.argv[2] ?? '{}') as AppenderStart;
const pool = new Pool({ connectionString: start.url, max: start.writers });
pool.on('error', () => undefined);
const { store } = postgres({ pool, topic: topicOf });
const recorder = new Recorder<Told>(start.folder, start.name);
const orders = new Orders();
let calls = 0;

function newEvents(random: SeededRandom): readonly EncodedEvent[] {
  return Array.from({ length: 1 + random.below(4) }, () => {
    const id = uuidV7() as EventId;
    return newEvent({ id, payload: JSON.stringify({ what: id }) });
  });
}
const streamOf = (random: SeededRandom): StreamRef =>
  streamRef(random.one(CATEGORIES), `${random.below(STREAMS)}`, random.one(TENANTS));

async function alone(random: SeededRandom): Promise<void> {
  const events = newEvents(random);
  await store.append([{ stream: streamOf(random), expect: 'any', events }]);
  recorder.add({ op: 'acknowledged', ids: events.map(({ id }) => id) });
}

/** Commits later than what begins after it, or not at all. */
async function within(random: SeededRandom): Promise<void> {
  const client = new Client({ connectionString: start.url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('begin');
    const appending = store.within(client);
    const ids: string[] = [];
    for (let i = 0; i <= random.below(2); i++) {
      const events = newEvents(random);
      await appending.append([{ stream: streamOf(random), expect: 'any', events }]);
      ids.push(...events.map(({ id }) => id));
      await pause(random.below(LONGEST_TRANSACTION_MS));
    }
    const { command } = await client.query(random.below(6) === 0 ? 'rollback' : 'commit');
    if (command === 'COMMIT') recorder.add({ op: 'acknowledged', ids });
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function write(random: SeededRandom): Promise<void> {
  while (!orders.isStopped) {
    await (random.below(12) === 0 ? within(random) : alone(random)).catch(() => pause(AFTER_FAULT_MS));
    calls += 1;
    if (calls % 10 === 0) tell({ calls });
    await pause(random.below(2 * start.pauseMs));
  }
}

const random = new SeededRandom(start.seed);
tell('ready');
await Promise.all(Array.from({ length: start.writers }, () => write(new SeededRandom(random.below(2 ** 31)))));
await pool.end();
recorder.close();
tell({ calls });
process.disconnect?.();
