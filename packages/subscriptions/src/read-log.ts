import type { Batch, Cursor, Lane, LogReader, LogRecord } from './source.ts';
import type { Log } from './storage.ts';

/** Which part of the log is read, and where a tool that goes on later has left off. */
export interface ReadLogOptions extends Pick<LogReader, 'only' | 'until'> {
  /** By lane, as `log.at(time)` and `log.head()` answer it, or the `to` of the last batch of each lane. A lane that is not named begins at the start. Default: all do. */
  readonly from?: ReadonlyMap<Lane, Cursor>;
  /** Ends the reading; the loop throws its reason. */
  readonly signal?: AbortSignal;
}

/** A batch, and whoever waits until it is dealt with. */
interface Given {
  readonly batch: Batch<LogRecord>;
  readonly taken: () => void;
}

/**
 * Reads the log in a loop, for tools and scripts: batch by batch, the next one when the loop asks for it, with one fetched ahead. Without `until` it goes
 * on as the log grows, for ever; `{ until: await log.head() }` reads what is there. Leaving the loop ends the reading and gives the connections back.
 *
 * Nothing is saved and nothing is owned: a follower (`follow`, `relay`) does that. Lanes come in turn, each in its own order. While a server is away the
 * loop waits.
 *
 * @throws what stops a lane: `LF_CURSOR_INVALID`, `LF_OTHER_LOG`, `LF_LANES_CHANGED`, `LF_AHEAD_OF_LOG`, …
 */
export async function* readLog(log: Log, options: ReadLogOptions = {}): AsyncGenerator<Batch<LogRecord>, void, void> {
  const { from, only, until, signal } = options;
  signal?.throwIfAborted();
  const ended = new AbortController();
  const stop = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
  const places = new Map<Lane, Cursor>(from);
  const given: Given[] = [];
  let fault: { readonly error: unknown } | undefined;
  let isOver = false;
  let wake: () => void = () => undefined;
  const reader: LogReader = {
    name: 'read-log',
    ...(only && { only }),
    ...(until && { until }),
    from: async (lane) => places.get(lane) ?? 'start',
    handle: (batch, handling) =>
      new Promise((resolve) => {
        const done = (): void => {
          handling.removeEventListener('abort', done);
          resolve();
        };
        handling.addEventListener('abort', done);
        const taken = (): void => {
          places.set(batch.lane, batch.to);
          done();
        };
        given.push({ batch, taken });
        wake();
      }),
    faulted: (_, error, retryMs) => {
      if (retryMs !== null) return;
      fault ??= { error };
      wake();
    },
  };
  const running = log
    .run(reader, stop)
    .catch((error: unknown) => void (fault ??= { error }))
    .finally(() => {
      isOver = true;
      wake();
    });
  try {
    for (;;) {
      signal?.throwIfAborted();
      const next = given.shift();
      if (next !== undefined) {
        yield next.batch;
        next.taken();
      } else if (fault !== undefined) throw fault.error;
      else if (isOver) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    ended.abort();
    await running;
  }
}
