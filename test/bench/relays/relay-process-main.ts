// A relay in a process of its own, for measurements: told what to do by its first argument, it says what was acknowledged and when.
import { kafka } from '@leftfold/kafka';
import { postgres } from '@leftfold/postgres';
import { jsonCodec, relay } from '@leftfold/subscriptions';
import { benchPool } from '../bench-pool.ts';
import { machineTime } from './ack-times.ts';
import { idsOf, type Acknowledged, type RelayProcess } from './running-relay.ts';
import { watchedBroker } from './watched-broker.ts';

const { url, options } = JSON.parse(process.argv[2] ?? '') as RelayProcess;
const say = (message: Acknowledged | 'started'): void => void process.send?.(message);
const to = watchedBroker(kafka({ ...options, codec: jsonCodec() }), (records) =>
  say({ ids: idsOf(records), at: machineTime() }),
);
const pool = benchPool(url, 4);
const running = await relay({ storage: postgres({ pool }), to, service: 'bench' });
say('started');

async function stop(): Promise<void> {
  await running.stop();
  await pool.end();
  process.disconnect?.();
}
process.once('SIGTERM', () => void stop());
// Whoever measures is gone.
process.once('disconnect', () => process.exit());
