import { kafka, type KafkaOptions } from '@leftfold/kafka';
import { postgres } from '@leftfold/postgres';
import { relay } from '@leftfold/subscriptions';
import { benchPool } from '../bench-pool.ts';
import type { Drain } from './drain.ts';
import { orStopped, watchedBroker } from './watched-broker.ts';

/** Leftfold: a relay, from its start. */
export function relayDrain(url: string, options: KafkaOptions, lanes: number): Drain {
  return {
    name: 'Leftfold',
    drain: async (events, progress) => {
      const pool = benchPool(url, 4 + lanes);
      await pool.query('truncate leftfold.checkpoints');
      const { promise: drained, resolve } = Promise.withResolvers<void>();
      let done = 0;
      const to = watchedBroker(kafka(options), ({ length }) => {
        progress(length);
        if ((done += length) >= events) resolve();
      });
      const running = await relay({ storage: postgres({ pool, lanes }), to, service: 'bench' });
      try {
        await orStopped(running, drained);
      } finally {
        await running.stop();
        await pool.end();
      }
      return done;
    },
  };
}
