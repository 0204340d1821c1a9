// A process that appends to many streams, side by side, until it is told to stop, or killed.
import { setTimeout as pause } from 'node:timers/promises';
import { encodeEvent, streamRef, uuidV7, type EncodedEvent, type EventId, type StreamRef } from '@leftfold/core';
import { postgres } from '@leftfold/postgres';
import { SeededRandom } from '@leftfold/testing';
import { Pool } from 'pg';
import { Orders, tell } from '../../processes/orders.ts';
import { Recorder } from '../../processes/recorder.ts';
import type { Told } from '../../relay/history.ts';
import { topicOf } from '../../relay/names.ts';
import { delivered, isSick, ordered, STREAMS } from '../models/events.ts';

/** What a writer's process is started with. */
export interface WriterStart {
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
/** Of one append. */
const MOST_EVENTS = 12;
/** Of the events of a stream that gets bad ones. */
const BAD_SHARE = 8;

const start = JSON.parse(process.argv[2] ?? '{}') as WriterStart;
const pool = new Pool({ connectionString: start.url, max: start.writers });
pool.on('error', () => undefined);
const { store } = postgres({ pool, topic: topicOf });
const recorder = new Recorder<Told>(start.folder, start.name);
const orders = new Orders();
let [calls, appended, n] = [0, 0, 0];

function appendTo(random: SeededRandom): { readonly stream: StreamRef; readonly events: readonly EncodedEvent[] } {
  const of = random.one([ordered, ordered, delivered]);
  const key = `s${random.below(STREAMS)}`;
  const category = of === ordered ? 'chaos.order' : 'chaos.parcel';
  const events = Array.from({ length: 1 + random.below(MOST_EVENTS) }, () => {
    n += 1;
    const isBad = isSick(key) && random.below(BAD_SHARE) === 0;
    const data = { n: n % 1_000_000, amount: random.below(1_000), isBad };
    return encodeEvent(of, of(data), uuidV7() as EventId, { correlationId: 'chaos' });
  });
  return { stream: streamRef(category, key, ''), events };
}

async function write(random: SeededRandom): Promise<void> {
  while (!orders.isStopped) {
    const { stream, events } = appendTo(random);
    await store.append([{ stream, expect: 'any', events }]).then(
      () => recorder.add({ op: 'acknowledged', ids: events.map(({ id }) => id) }),
      () => pause(AFTER_FAULT_MS),
    );
    calls += 1;
    appended += events.length;
    if (calls % 10 === 0) tell({ calls: appended });
    await pause(random.below(2 * start.pauseMs));
  }
}

const random = new SeededRandom(start.seed);
tell('ready');
await Promise.all(Array.from({ length: start.writers }, () => write(new SeededRandom(random.below(2 ** 31)))));
await pool.end();
recorder.close();
tell({ calls: appended });
process.disconnect?.();
