// A relay's process, which runs until it is told to stop, or killed.
import { kafka, type KafkaOptions } from '@leftfold/kafka';
import { postgres } from '@leftfold/postgres';
import { jsonCodec, relay } from '@leftfold/subscriptions';
import { Pool } from 'pg';
import { Orders, tell } from '../../processes/orders.ts';
import { Recorder } from '../../processes/recorder.ts';
import type { Told } from '../history.ts';
import { SERVICE, TOPICS, topicOf } from '../names.ts';

/** What a relay's process is started with. */
export interface RelayStart extends Pick<KafkaOptions, 'brokers' | 'client' | 'clientId' | 'threads'> {
  readonly name: string;
  readonly folder: string;
  readonly url: string;
  readonly lanes: number;
  readonly batchSize: number;
  readonly leaseMs: number;
}

const { name, folder, url, lanes, batchSize, leaseMs, ...options } = JSON.parse(process.argv[2] ?? '{}') as RelayStart;
const pool = new Pool({ connectionString: url, max: 6 });
pool.on('error', () => undefined);
const recorder = new Recorder<Told>(folder, name);
const orders = new Orders();
const topics = Object.entries(TOPICS).map(([topic, partitions]) => ({ name: topic, partitions }));
const running = await relay({
  storage: postgres({ pool, lanes, batchSize, topic: topicOf }),
  to: kafka({ ...options, topics, codec: jsonCodec() }),
  service: SERVICE,
  owner: name,
  leaseMs,
});
running.onChange(() => {
  const { isRunning, lanes: each, fault } = running.status();
  const stopped = each.find(({ state }) => state === 'stopped');
  if (stopped === undefined && (isRunning || orders.isStopped)) return;
  recorder.add({ op: 'broken', what: `the relay stopped: ${JSON.stringify(stopped ?? fault)}` });
  // Nothing that comes now would say more.
  process.exit(1);
});
tell('ready');
const told = Promise.withResolvers<void>();
orders.stop.addEventListener('abort', () => told.resolve());
if (!orders.isStopped) await told.promise;
await running.stop();
await pool.end();
recorder.close();
process.disconnect?.();
