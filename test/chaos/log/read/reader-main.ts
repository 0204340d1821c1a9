// A process that reads until it is told to stop, or killed. It is told by messages of the process that started it.
import { jsonCodec, relay, type Broker } from '@leftfold/subscriptions';
import { postgres } from '@leftfold/postgres';
import { Pool } from 'pg';
import { SeededRandom } from '@leftfold/testing';
import { Orders, tell } from '../../processes/orders.ts';
import { Recorder } from '../history/recorder.ts';
import { Writer } from '../write/writer.ts';
import { beCareless, READERS_CONNECTIONS, silentPool } from './careless.ts';
import { filePublisher } from './file-publisher.ts';
import { fileSink } from './file-sink.ts';
import { chaosReader, type Sink } from './reader.ts';
import { tableSink } from './table-sink.ts';

/** What a reader's process is started with. */
export interface ReaderStart {
  readonly kind: 'file' | 'table' | 'relay';
  /** Of the process; the reader's is the same at each start. */
  readonly name: string;
  readonly reader: string;
  readonly folder: string;
  readonly seed: number;
  readonly url: string;
  readonly batchSize: number;
  /** Default 1. */
  readonly lanes?: number;
  /** Default: all. */
  readonly categories?: readonly string[];
}

const start = JSON.parse(process.argv[2] ?? '{}') as ReaderStart;
const random = new SeededRandom(start.seed);
const pool = new Pool({ connectionString: start.url, max: READERS_CONNECTIONS });
pool.on('error', () => undefined);
// A connection that listens would be missing where all of the pool are taken, to be careless with the one that is left.
const storage = postgres({
  pool: silentPool(pool),
  batchSize: start.batchSize,
  lanes: start.lanes ?? 1,
  notifications: false,
});
const recorder = new Recorder(start.folder, start.name);
const { name, url } = start;
const scene = {
  process: name,
  url,
  elsewhere: url,
  store: storage.store,
  recorder,
  known: new Map(),
  sent: [],
  calls: 0,
};
const writer = new Writer(scene, new SeededRandom(random.below(2 ** 31)));
const orders = new Orders();
let carelessness: Promise<void> = Promise.resolve();
let turns = 0;
orders.onCareless(() => {
  carelessness = carelessness.then(() => beCareless(pool, writer, () => turns)).catch(() => undefined);
});

async function read(sink: Sink): Promise<void> {
  await storage.log.run(
    chaosReader(
      { name: start.reader, ...(start.categories && { categories: start.categories }) },
      { sink, random, recorder, turned: () => (turns += 1) },
    ),
    orders.stop,
  );
}

async function send(): Promise<void> {
  const broker: Broker = {
    source: storage.log,
    publisher: async () => filePublisher(recorder, random),
    codec: jsonCodec(),
    description: 'the history',
  };
  const running = await relay({ storage, to: broker, service: 'chaos', owner: name, leaseMs: 1_000 });
  const stopped = Promise.withResolvers<void>();
  orders.stop.addEventListener('abort', () => stopped.resolve());
  await stopped.promise;
  const lane = running.status().lanes[0];
  if (lane?.state === 'stopped') recorder.add({ op: 'broken', what: `the relay stopped: ${JSON.stringify(lane)}` });
  await running.stop();
}

tell('ready');
if (start.kind === 'relay') await send();
else
  await read(start.kind === 'file' ? fileSink(start.reader, start.folder, recorder) : tableSink(start.reader, writer));
await carelessness;
await writer.disconnect();
await pool.end();
recorder.close();
process.disconnect?.();
