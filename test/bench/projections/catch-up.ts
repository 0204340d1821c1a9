import { postgres } from '@leftfold/postgres';
import { followAll } from '@leftfold/subscriptions';
import type { AnyProjection, Running, Source } from '@leftfold/subscriptions';
import { benchPool } from '../bench-pool.ts';
import type { Drain } from '../relays/drain.ts';
import { orStopped } from '../relays/watched-broker.ts';

/** How a catch-up is fed: by the log of the storage, or by topics. */
export type Feed = 'log' | { readonly source: Source; readonly close?: () => Promise<void> };

/**
 * Leftfold: projections in one process catch up, from their start, with everything connected, made and claimed by themselves. Done is what every one of them has
 * dealt with.
 */
export function catchUp(url: string, projections: readonly AnyProjection[], feed: () => Feed): Drain {
  return {
    name: 'Leftfold',
    drain: async (events, progress) => {
      const pool = benchPool(url, 10);
      const storage = postgres({ pool });
      await pool.query('truncate leftfold.checkpoints');
      await pool.query(DROP_MODELS);
      const fed = feed();
      const running = await followAll(projections, { from: fed === 'log' ? storage.log : fed.source, storage });
      try {
        return await allDone(running, events, progress);
      } finally {
        await Promise.all(running.map((one) => one.stop()));
        if (fed !== 'log') await fed.close?.();
        await pool.end();
      }
    },
  };
}

/** Each run begins with tables of its own. */
const DROP_MODELS = `do $$ declare model text; begin
  for model in select nspname from pg_namespace where nspname ~ '^leftfold_.*_v[0-9]+$' loop execute format('drop schema %I cascade', model); end loop;
end $$`;

/** Resolves when all that stood there is dealt with. Of one projection each batch is progress; of several only that they have begun, and that all have ended. */
async function allDone(
  running: readonly Running[],
  events: number,
  progress: (events: number) => void,
): Promise<number> {
  const [first, ...others] = running;
  if (first !== undefined && others.length === 0) return oneDone(first, events, progress);
  const begun = Promise.withResolvers<void>();
  for (const one of running) one.onChange(({ kind }) => void (kind === 'batch' && begun.resolve()));
  await begun.promise;
  const share = Math.ceil(events / 10);
  progress(share);
  // One after the other: thirty that ask at once would be a load of their own.
  for (const one of running) await one.caughtUp({ timeoutMs: 300_000 });
  progress(events - share);
  return events;
}

async function oneDone(running: Running, events: number, progress: (events: number) => void): Promise<number> {
  const { promise: caughtUp, resolve } = Promise.withResolvers<void>();
  let done = 0;
  running.onChange((change) => {
    if (change.kind !== 'batch') return;
    progress(change.events);
    if ((done += change.events) >= events) resolve();
  });
  await orStopped(running, caughtUp);
  return done;
}
