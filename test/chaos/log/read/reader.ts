import type { Batch, Cursor, Lane, LogReader, LogRecord } from '@leftfold/subscriptions';
import type { SeededRandom } from '@leftfold/testing';
import type { SeenRecord } from '../history/history.ts';
import { tell } from '../../processes/orders.ts';
import type { Recorder } from '../history/recorder.ts';
import { eventName, streamName } from '../write/names.ts';

/** Where a reader keeps what it has got, together with its place. */
export interface Sink {
  /** What is saved of a lane. Asked at each start, and whenever the reader does not know any more. */
  place(lane: Lane): Promise<Cursor | 'start'>;
  /** Saves a batch and the place after it, both or neither. @throws when it did not, or nobody knows */
  save(batch: Batch<LogRecord>, records: readonly SeenRecord[], saved: Cursor | 'start'): Promise<void>;
}

/** What a reader is, at each start. */
export interface ReaderKind {
  readonly name: string;
  /** Default: all. */
  readonly categories?: readonly string[];
}

/** A follower of the log that gets some of its batches twice, before it keeps them: from where it stood, or from the pinned place of the batch. */
export function chaosReader(
  { name, categories }: ReaderKind,
  {
    sink,
    random,
    recorder,
    turned,
  }: {
    readonly sink: Sink;
    readonly random: SeededRandom;
    readonly recorder: Recorder;
    /** Told of each batch that was saved, and of each fault. */
    readonly turned: () => void;
  },
): LogReader {
  const saved = new Map<Lane, Cursor | 'start'>();
  const again = new Map<Lane, Cursor>();
  return {
    name,
    ...(categories && { only: { categories } }),
    from: async (lane) => {
      const place = await sink.place(lane);
      saved.set(lane, place);
      const from = again.get(lane) ?? place;
      again.delete(lane);
      return from;
    },
    handle: async (batch) => {
      const { lane, at, to } = batch;
      const records = batch.records.map((record) => seen(record, name, recorder));
      if (records.length > 0 && random.below(12) === 0) {
        recorder.add({ op: 'fetched', reader: name, lane, pinned: at, to, records });
        if (random.below(3) > 0) again.set(lane, at);
        throw new Error('a reader that starts again');
      }
      await sink.save(batch, records, saved.get(lane) ?? 'start');
      saved.set(lane, to);
      tell({ lane, place: to });
      turned();
    },
    faulted: (_, error, retryMs) => {
      turned();
      const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
      recorder.add({ op: 'faulted', reader: name, code: String(code ?? message) });
      if (retryMs !== null) return;
      recorder.add({ op: 'broken', what: `${name} stopped for good: ${String(message)}` });
      // Nothing that comes now would say more.
      process.exit(1);
    },
  };
}

/** As the history has it. Each payload names its event, so what is mixed up shows. */
function seen(record: LogRecord, reader: string, recorder: Recorder): SeenRecord {
  const { id, tenant, stream, streamVersion, position, payload } = record;
  if (payload !== JSON.stringify({ what: id })) {
    recorder.add({ op: 'broken', what: `${reader} got ${id} with the payload ${payload}` });
  }
  return [eventName(tenant, id), streamName({ tenant, id: stream }), String(streamVersion), String(position)];
}
