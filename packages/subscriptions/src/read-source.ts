import type { Batch, Cursor, Lane, Reader, Source, SourceRecord } from './source.ts';

/** Which part of a source is read, and where a tool that goes on later has left off. */
export interface ReadSourceOptions extends Pick<Reader, 'only' | 'until'> {
  /** By lane, as a log's `at(time)` and `head()` answer it, or the `to` of the last batch of each lane. A lane that is not named begins at the start. Default: all do. */
  readonly from?: ReadonlyMap<Lane, Cursor>;
  /** Ends the reading; the loop throws its reason. */
  readonly signal?: AbortSignal;
  /** Tells the reading from others, where the source makes a difference: the group of a broker. Default `read-source`. */
  readonly name?: string;
}

/** A batch, and whoever waits until it is dealt with. */
interface Given<R extends SourceRecord> {
  readonly batch: Batch<R>;
  readonly taken: () => void;
}

/**
 * Reads a source in a loop, for tools and scripts: batch by batch, the next one when the loop asks for it, with one fetched ahead. Without `until` it goes
 * on as the source grows, for ever; `{ until: await source.head() }` replays what is there. Leaving the loop ends the reading and gives the connections back.
 *
 * Nothing is saved and nothing is owned: a follower (`follow`, `relay`) does that. Lanes come in turn, each in its own order, each batch once. While a
 * server is away the loop waits. Without `until`, loops of one name over a broker share its lanes.
 *
 * @throws what stops a lane: `LF_CURSOR_INVALID`, `LF_OTHER_LOG`, `LF_LANES_CHANGED`, `LF_AHEAD_OF_LOG`, `LF_GAP`, `LF_RETENTION_PASSED`, …
 */
export async function* readSource<R extends SourceRecord>(
  source: Source<R>,
  options: ReadSourceOptions = {},
): AsyncGenerator<Batch<R>, void, void> {
  const { from, only, until, signal, name = 'read-source' } = options;
  signal?.throwIfAborted();
  const ended = new AbortController();
  const stop = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
  const places = new Map<Lane, Cursor>(from);
  const given: Given<R>[] = [];
  /** What the loop has of each lane, and has not asked to go on from. */
  const inHand = new Map<Lane, Promise<void>>();
  let fault: { readonly error: unknown } | undefined;
  let isOver = false;
  let wake: () => void = () => undefined;
  const reader: Reader<R> = {
    name,
    ...(only && { only }),
    ...(until && { until }),
    from: async (lane) => {
      // A source that gives a lane anew may ask while the loop still has the batch before.
      await inHand.get(lane);
      return places.get(lane) ?? 'start';
    },
    handle: (batch, handling) =>
      new Promise((resolve) => {
        const done = (): void => {
          handling.removeEventListener('abort', dropped);
          resolve();
        };
        // What the loop has not seen yet comes again, from the place before it.
        const dropped = (): void => {
          const index = given.indexOf(next);
          if (index !== -1) given.splice(index, 1);
          done();
        };
        const taken = (): void => {
          places.set(batch.lane, batch.to);
          done();
        };
        const next: Given<R> = { batch, taken };
        handling.addEventListener('abort', dropped);
        given.push(next);
        wake();
      }),
    faulted: (_, error, retryMs) => {
      if (retryMs !== null) return;
      fault ??= { error };
      wake();
    },
  };
  const running = source
    .run(reader, stop)
    .catch((error: unknown) => void (fault ??= { error }))
    .finally(() => {
      isOver = true;
      wake();
    });
  let release: () => void = () => undefined;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const next = given.shift();
      if (next !== undefined) {
        const { promise, resolve } = Promise.withResolvers<void>();
        release = resolve;
        inHand.set(next.batch.lane, promise);
        yield next.batch;
        next.taken();
        inHand.delete(next.batch.lane);
        release();
      } else if (fault !== undefined) throw fault.error;
      else if (isOver) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    ended.abort();
    release();
    await running;
  }
}
