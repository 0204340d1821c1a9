// A projector's process, which follows the log and the topics with all models until it is told to stop, or killed.
import { kafka, type KafkaOptions } from '@leftfold/kafka';
import { postgres } from '@leftfold/postgres';
import { followAll, jsonCodec, type AnyProjection, type Running, type Source } from '@leftfold/subscriptions';
import { Pool } from 'pg';
import { Orders, tell } from '../../processes/orders.ts';
import { Recorder } from '../../processes/recorder.ts';
import type { Told } from '../../relay/history.ts';
import { TOPICS, topicOf } from '../../relay/names.ts';
import { FEEDS, modelsOf, type Feed } from '../models/models.ts';

/** What a projector's process is started with. */
export interface ProjectorStart extends Pick<KafkaOptions, 'brokers' | 'clientId'> {
  readonly name: string;
  readonly folder: string;
  /** Of the database, through the proxy that breaks connections. */
  readonly url: string;
  readonly lanes: number;
  readonly leaseMs: number;
  readonly sessionTimeoutMs: number;
  /** Whether its code can apply bad events. */
  readonly isMended: boolean;
}

const { name, folder, url, lanes, leaseMs, isMended, ...options } = JSON.parse(
  process.argv[2] ?? '{}',
) as ProjectorStart;
const pool = new Pool({ connectionString: url, max: 12 });
pool.on('error', () => undefined);
const recorder = new Recorder<Told>(folder, name);
const orders = new Orders();
const storage = postgres({ pool, lanes, topic: topicOf });
const topics = Object.entries(TOPICS).map(([topic, partitions]) => ({ name: topic, partitions }));
const sourceOf = (feed: Feed): Source =>
  feed === 'log' ? storage.log : kafka({ ...options, client: feed, topics, codec: jsonCodec() }).source;

const running: Running[] = [];
for (const feed of FEEDS) {
  const models = Object.values<AnyProjection>(modelsOf(feed, isMended));
  running.push(...(await followAll(models, { from: sourceOf(feed), storage, owner: name, leaseMs })));
}
for (const one of running) {
  one.onChange(() => {
    const { name: model, isRunning, lanes: each, fault } = one.status();
    const stopped = each.find(({ state }) => state === 'stopped');
    if (stopped === undefined && (isRunning || orders.isStopped)) return;
    recorder.add({ op: 'broken', what: `${model} stopped: ${JSON.stringify(stopped ?? fault)}` });
    // Nothing that comes now would say more.
    process.exit(1);
  });
}
tell('ready');
const told = Promise.withResolvers<void>();
orders.stop.addEventListener('abort', () => told.resolve());
if (!orders.isStopped) await told.promise;
await Promise.all(running.map((one) => one.stop()));
await pool.end();
recorder.close();
process.disconnect?.();
