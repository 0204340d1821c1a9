import { postgres, type PgQuery } from '@leftfold/postgres';
import { relay, type Broker, type PublishRecord } from '@leftfold/subscriptions';
import { benchPool } from '../bench-pool.ts';
import { listening } from '../captured-append.ts';
import { orStopped } from './watched-broker.ts';

/** What a relay does with a backlog: limits L5 and L6 do the same and nothing else. */
export interface CapturedDrain {
  /** What it asks of the log, one after the other, with all parameters. */
  readonly reads: readonly PgQuery[];
  /** What it hands to the client, batch by batch; of a long backlog the first ones. */
  readonly batches: readonly (readonly PublishRecord[])[];
}

/** Records that are kept: they are sent again and again where the backlog is longer. */
const KEPT = 20_000;

/**
 * Lets a relay work the backlog off into a broker that takes everything at once and keeps nothing, and listens. So the limits are always what the relay
 * sends now.
 */
export async function captureDrain(
  url: string,
  events: number,
  broker: Pick<Broker, 'codec' | 'source'>,
  partitions: number,
): Promise<CapturedDrain> {
  const pool = benchPool(url, 3);
  await pool.query('truncate leftfold.checkpoints');
  const reads: PgQuery[] = [];
  const batches: (readonly PublishRecord[])[] = [];
  const { promise: drained, resolve } = Promise.withResolvers<void>();
  let done = 0;
  const to: Broker = {
    ...broker,
    description: 'a broker that takes everything',
    publisher: async () => ({
      partitions: async () => partitions,
      close: async () => {},
      publish: async (records) => {
        if (done < KEPT) batches.push(records);
        done += records.length;
        if (done >= events) resolve();
        return [...new Map(records.map(({ topic, partition }) => [`${topic}/${partition}`, { topic, partition }]))].map(
          ([, lane]) => ({ ...lane, kind: 'written' as const }),
        );
      },
    }),
  };
  const storage = postgres({
    pool: listening(pool, (query) => {
      if (/\bfrom \S+\.events\b/.test(query.text)) reads.push(query);
    }),
  });
  const running = await relay({ storage, to, service: 'bench' });
  try {
    await orStopped(running, drained);
  } finally {
    await running.stop();
    await pool.end();
  }
  return { reads, batches };
}
