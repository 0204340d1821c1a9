import { AssertionError } from 'node:assert/strict';
import type { Batch, Cursor, Lane, LogReader, Reader, Source, SourceRecord } from '@leftfold/subscriptions';

/** How to read, where it matters. What only a log understands, others leave. */
export interface ReadLogOptions<R extends SourceRecord>
  extends Partial<Pick<Reader<R>, 'from' | 'handle'>>, Pick<LogReader, 'only' | 'until'> {
  /** Where each lane is read from. Default `'start'`. */
  readonly at?: Cursor | 'start';
  /** How long it may take until enough came. Default 20,000. */
  readonly timeoutMs?: number;
}

/**
 * Reads a source until what came is enough, and answers all batches in the order they came. A reader as simple as can be: the saved place is the end
 * of the batch handled last.
 * @throws a fault that the source will not try again, and `AssertionError` when enough does not come
 */
export async function readSource<R extends SourceRecord>(
  source: Source<R>,
  isEnough: (batches: readonly Batch<R>[]) => boolean,
  { at = 'start', timeoutMs = 20_000, from, handle, only, until }: ReadLogOptions<R> = {},
): Promise<readonly Batch<R>[]> {
  const batches: Batch<R>[] = [];
  const places = new Map<Lane, Cursor | 'start'>();
  const enough = new AbortController();
  let fault: Error | undefined;
  const giveUp = (error: Error): void => {
    fault = error;
    enough.abort();
  };
  const timer = setTimeout(() => {
    const message = `not enough came within ${timeoutMs} ms: ${recordsOf(batches).length} records in ${batches.length} batches`;
    giveUp(new AssertionError({ message }));
  }, timeoutMs);
  const part: Pick<LogReader, 'only' | 'until'> = { ...(only && { only }), ...(until && { until }) };
  await source.run(
    {
      ...part,
      name: 'conformance',
      from: from ?? (async (lane) => places.get(lane) ?? at),
      handle: async (batch, signal) => {
        await handle?.(batch, signal);
        batches.push(batch);
        places.set(batch.lane, batch.to);
        if (isEnough(batches)) enough.abort();
      },
      faulted: (_lane, error, retryMs) => {
        if (retryMs === null) giveUp(error instanceof Error ? error : new Error(String(error)));
      },
    },
    enough.signal,
  );
  clearTimeout(timer);
  if (fault !== undefined) throw fault;
  return batches;
}

/** The records of all batches, in the order they came. */
export const recordsOf = <R extends SourceRecord>(batches: readonly Batch<R>[]): readonly R[] =>
  batches.flatMap(({ records }) => records);
