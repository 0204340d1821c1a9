// A process that writes until it is told to stop, or killed. It is told by messages of the process that started it.
import { setTimeout as pause } from 'node:timers/promises';
import { postgres } from '@leftfold/postgres';
import { Pool } from 'pg';
import { SeededRandom } from '@leftfold/testing';
import { Orders, tell } from '../../processes/orders.ts';
import { Recorder } from '../history/recorder.ts';
import { KINDS } from './kinds.ts';
import { Writer, type Scene } from './writer.ts';

/** What a writer's process is started with. */
export interface WriterStart {
  readonly name: string;
  readonly folder: string;
  readonly seed: number;
  readonly url: string;
  readonly elsewhere: string;
  readonly writers: number;
  readonly connections: number;
}

const start = JSON.parse(process.argv[2] ?? '{}') as WriterStart;
const random = new SeededRandom(start.seed);
const pool = new Pool({ connectionString: start.url, max: start.connections });
pool.on('error', () => undefined);
const recorder = new Recorder(start.folder, start.name);
const scene: Scene = {
  process: start.name,
  url: start.url,
  elsewhere: start.elsewhere,
  store: postgres({ pool }).store,
  recorder,
  known: new Map(),
  sent: [],
  calls: 0,
};
const orders = new Orders();
const AFTER_FAULT_MS = 20;

async function write(writer: Writer): Promise<void> {
  for (let told = 0; !orders.isStopped;) {
    await orders.rest();
    if (orders.isStopped) break;
    try {
      await writer.random.one(KINDS)(writer);
    } catch {
      // The server is away: it could not even begin.
      await writer.disconnect();
      await pause(AFTER_FAULT_MS);
    }
    if (scene.calls - told >= 10) tell({ calls: scene.calls });
    told = scene.calls;
  }
  await writer.disconnect();
}

const writers = Array.from({ length: start.writers }, () => new Writer(scene, new SeededRandom(random.below(2 ** 31))));
orders.crew = writers.length;
tell('ready');
await Promise.all(writers.map(write));
await pool.end();
recorder.close();
tell({ calls: scene.calls });
process.disconnect?.();
