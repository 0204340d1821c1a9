import type { Batch, Cursor, Lane, Log, LogRecord } from '@leftfold/subscriptions';

const LANE = '0' as Lane;

/** What stood between a place and the end of the log. */
export interface ReadPart {
  readonly records: readonly LogRecord[];
  readonly batches: readonly Batch<LogRecord>[];
  /** Where the reader stands now. */
  readonly cursor: Cursor | 'start';
}

const PATIENCE_MS = 20_000;

/**
 * Reads a log from a place to where it ended at this call, as a reader that starts anew: all it knows is the cursor.
 * @throws the first fault that the log reports, and an error when the end does not come
 */
export async function readToEnd(log: Log, from: Cursor | 'start' = 'start'): Promise<ReadPart> {
  const head = (await log.head()).get(LANE) as Cursor;
  const batches: Batch<LogRecord>[] = [];
  let cursor = from;
  let fault: { readonly error: unknown } | undefined;
  const enough = new AbortController();
  const patience = AbortSignal.timeout(PATIENCE_MS);
  if (log.hasPassed(from, head)) enough.abort();
  await log.run(
    {
      name: 'test',
      from: async () => cursor,
      handle: async (batch) => {
        batches.push(batch);
        cursor = batch.to;
        if (log.hasPassed(cursor, head)) enough.abort();
      },
      faulted: (_, error) => {
        fault ??= { error };
        enough.abort();
      },
    },
    AbortSignal.any([enough.signal, patience]),
  );
  if (fault !== undefined) throw fault.error;
  if (!enough.signal.aborted) throw new Error(`the end ${head} was not reached; the reader stands at ${cursor}`);
  return { records: batches.flatMap(({ records }) => records), batches, cursor };
}

/** Which event it is, for people. */
export const nameOf = ({ stream, streamVersion }: LogRecord): string => `${stream}@${streamVersion}`;
