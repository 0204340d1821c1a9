import type { StreamRef } from '@leftfold/core';
import type { Batch, LogRecord, Storage } from '@leftfold/subscriptions';
import { newEvents } from '../event-store/encoded-events.ts';
import { recordsOf } from './read-log.ts';

/** Appends single events to the streams in turn, as many to each, all streams side by side. */
export async function write({ store }: Storage, streams: readonly StreamRef[], each: number): Promise<void> {
  await Promise.all(
    streams.map(async (stream) => {
      for (let written = 0; written < each;) {
        const events = newEvents(Math.min(1 + (written % 3), each - written));
        await store.append([{ stream, expect: 'any', events }]);
        written += events.length;
      }
    }),
  );
}

/** One event to each stream, in one append. */
export const writeTogether = ({ store }: Storage, streams: readonly StreamRef[]): Promise<unknown> =>
  store.append(streams.map((stream) => ({ stream, expect: 'any', events: newEvents(1) })));

/** The ids of these streams' events, in the order they came. */
export function idsOf(batches: readonly Batch<LogRecord>[], streams: readonly StreamRef[]): readonly string[] {
  const ids = new Set<string>(streams.map(({ id }) => id));
  return recordsOf(batches)
    .filter(({ stream }) => ids.has(stream))
    .map(({ id }) => id);
}
