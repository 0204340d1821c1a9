import { once } from 'node:events';
import { setTimeout as timer } from 'node:timers/promises';
import type { Clock } from '@leftfold/subscriptions';

let now = 1_000_000;

/** A clock that a handler moves on, as if it had taken so long. Pauses are real ones. */
export const virtualNow: { readonly clock: Clock; pass(ms: number): void } = {
  clock: {
    now: () => now,
    pause: async (ms, signal) => {
      await timer(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
    },
  },
  pass: (ms) => void (now += ms),
};

export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
