import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks again and again until the probe has an answer, and returns it.
 * `undefined` from the probe means "not yet"; what the probe throws ends the wait. Resolves with `undefined` when
 * nothing came within `withinMs`; the probe is asked at least once.
 */
export async function until<T>(
  probe: () => Promise<T | undefined> | T | undefined,
  limits: { readonly withinMs: number; readonly everyMs?: number },
): Promise<T | undefined> {
  const end = performance.now() + limits.withinMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined) return answer;
    if (performance.now() >= end) return undefined;
    await delay(limits.everyMs ?? 25);
  }
}
