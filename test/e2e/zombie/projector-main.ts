// A projector's process, which runs until it is told to stop, or killed.
import { kafka, type KafkaOptions } from '@leftfold/kafka';
import { postgres } from '@leftfold/postgres';
import { follow, jsonCodec } from '@leftfold/subscriptions';
import { Pool } from 'pg';
import { Orders, tell } from '../../chaos/processes/orders.ts';
import { tallies } from './tallies.ts';

/** What a projector's process is started with. */
export interface ProjectorStart extends Omit<KafkaOptions, 'codec'> {
  readonly name: string;
  readonly url: string;
  readonly leaseMs: number;
}

const { name, url, leaseMs, ...options } = JSON.parse(process.argv[2] ?? '{}') as ProjectorStart;
const pool = new Pool({ connectionString: url, max: 6 });
pool.on('error', () => undefined);
const orders = new Orders();
const running = await follow(tallies, {
  from: kafka({ ...options, codec: jsonCodec() }).source,
  storage: postgres({ pool }),
  owner: name,
  leaseMs,
});
tell('ready');
const told = Promise.withResolvers<void>();
orders.stop.addEventListener('abort', () => told.resolve());
if (!orders.isStopped) await told.promise;
await running.stop();
await pool.end();
process.disconnect?.();
