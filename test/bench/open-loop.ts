/** Milliseconds from the intended start of each piece of work to its end, sorted. */
export type Latencies = Float64Array;

/** Where time comes from, and how one waits for it. */
export interface Clock {
  now(): number;
  /** Resolves at `at`, or at once when that is over. */
  until(at: number): Promise<void>;
}

/** A timer wakes up to a millisecond late, so the last two are waited for in turns of the event loop. They cost a core, for all sides alike. */
const REAL_CLOCK: Clock = {
  now: () => performance.now(),
  until: async (at) => {
    const early = at - performance.now() - 2;
    if (early > 0) await new Promise((resolve) => void setTimeout(resolve, early));
    while (performance.now() < at) await new Promise((resolve) => void setImmediate(resolve));
  },
};

/**
 * Starts work at a fixed rate, whether or not what was started before has ended, and times each from the moment it *should* have started: what queues up
 * behind a stall is counted with it. (A loop that waits for its own answers leaves the stall out.)
 * @param perSecond rate of starts @param warm how many of the first ones are not counted
 */
export async function openLoop(
  work: () => Promise<unknown>,
  perSecond: number,
  { warm, counted }: { readonly warm: number; readonly counted: number },
  clock: Clock = REAL_CLOCK,
): Promise<Latencies> {
  const latencies = new Float64Array(counted);
  const started = clock.now();
  const underWay: Promise<void>[] = [];
  for (let nth = 0; nth < warm + counted; nth++) {
    const intended = started + (nth * 1_000) / perSecond;
    await clock.until(intended);
    const ended = work().then(() => {
      if (nth >= warm) latencies[nth - warm] = clock.now() - intended;
    });
    underWay.push(ended);
    // A failure is heard at the end; until then it must not count as unheard.
    ended.catch(() => undefined);
  }
  await Promise.all(underWay);
  return latencies.sort();
}
