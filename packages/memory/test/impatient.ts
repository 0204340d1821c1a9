import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@leftfold/subscriptions';

/** From here on it is no pause but a limit, as that of an effect. */
const LIMIT_MS = 60_000;

/** A clock on which every pause is over at once, and no limit ever passes. */
export const impatient: Clock = {
  now: Date.now,
  pause: async (ms, signal) => {
    await (ms >= LIMIT_MS ? once(signal, 'abort') : setImmediate());
    signal.throwIfAborted();
  },
};
