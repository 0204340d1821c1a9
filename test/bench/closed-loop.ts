/** How long a side runs before it counts, and how long it counts. */
export interface Window {
  readonly warmMs: number;
  readonly countMs: number;
}

/** What happened inside the counted part of a window. */
export interface Counted {
  readonly events: number;
  readonly seconds: number;
}

/** What is done at the borders of the counted part, while the work goes on. */
export interface Borders<R> {
  begin(): Promise<void>;
  end(counted: Counted): Promise<R>;
}

/**
 * Workers that each do one thing after the other, as fast as they can. Only what ends inside the counted part counts; what is under way at the end is
 * waited for.
 * @param work does one thing and resolves with how many events that were. @throws the first failure of any worker, after all have ended
 */
export async function closedLoop<R>(
  workers: number,
  work: (worker: number) => Promise<number>,
  window: Window,
  borders: Borders<R>,
): Promise<R> {
  const state = { counts: false, stops: false, events: 0 };
  const loop = async (worker: number): Promise<void> => {
    while (!state.stops) {
      const events = await work(worker);
      if (state.counts) state.events += events;
    }
  };
  const loops = Array.from({ length: workers }, (_, worker) =>
    loop(worker).catch((error: unknown) => {
      state.stops = true;
      throw error;
    }),
  );
  const all = Promise.all(loops);
  // A worker may fail while a border is crossed; it is heard at the end.
  all.catch(() => undefined);
  await pause(window.warmMs);
  await borders.begin();
  const started = performance.now();
  state.counts = true;
  await pause(window.countMs);
  state.counts = false;
  const counted = { events: state.events, seconds: (performance.now() - started) / 1000 };
  const result = await borders.end(counted);
  state.stops = true;
  await Promise.allSettled(loops);
  await all;
  return result;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
