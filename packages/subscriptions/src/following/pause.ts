import { once } from 'node:events';
import { setTimeout as timer } from 'node:timers/promises';
import { clockHere } from '../clock.ts';

/** Waits, by the clock that this was started under. Rejects with the signal's reason as soon as it aborts; leaves no timer and no listener behind. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const clock = clockHere();
  if (clock !== undefined) return clock.pause(ms, signal);
  try {
    await timer(ms, undefined, { signal });
  } catch {
    throw signal.reason;
  }
}

/** Waits until the signal aborts, then rejects with its reason. */
export async function untilAborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}
