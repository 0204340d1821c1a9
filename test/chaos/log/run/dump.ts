import type { PostgresLog } from '@leftfold/postgres';
import type { Cursor, LogReader } from '@leftfold/subscriptions';
import type { SeededRandom } from '@leftfold/testing';
import { linesOf, type History } from '../history/history.ts';
import type { Recorder } from '../history/recorder.ts';
import { eventName, streamName } from '../write/names.ts';
import type { Cluster } from './cluster.ts';
import { READERS } from './crew.ts';

const AGAIN = 12;
/** Nothing that a good log needs. */
const PATIENCE_MS = 10_000;
interface Batch {
  readonly reader: string;
  readonly batch: { readonly lane: string; readonly pinned: string; readonly to: string; readonly records: never };
}

/** Adds to the history what there is after the run: the log, and what the readers keep in tables. */
export async function dump(cluster: Cluster, recorder: Recorder): Promise<void> {
  const events = await cluster.query<
    Record<'event_id' | 'tenant' | 'stream_id' | 'version' | 'position' | 'xid', string>
  >('select event_id, tenant, stream_id, version, position, xid::text from leftfold.events order by position');
  for (const { event_id: id, tenant, stream_id: stream, version, position, xid } of events) {
    const [event, of] = [eventName(tenant, id as never), streamName({ tenant, id: stream as never })];
    recorder.add({ op: 'stored', id: event, stream: of, version, position, xid });
  }
  type Head = Record<'tenant' | 'stream_id' | 'version', string>;
  for (const head of await cluster.query<Head>('select tenant, stream_id, version from leftfold.streams')) {
    const stream = streamName({ tenant: head.tenant, id: head.stream_id as never });
    recorder.add({ op: 'head', stream, version: head.version });
  }
  type Reply = Record<'key' | 'reply', string>;
  for (const { key, reply } of await cluster.query<Reply>('select key, reply::text as reply from leftfold.replies')) {
    recorder.add({ op: 'reply', key, text: reply });
  }
  type Key = Record<'tenant' | 'name' | 'value' | 'stream_id', string>;
  for (const { tenant, name, value, stream_id } of await cluster.query<Key>('select * from leftfold.unique_keys')) {
    recorder.add({
      op: 'key',
      key: `${tenant}/${name}/${value}`,
      stream: streamName({ tenant, id: stream_id as never }),
    });
  }
  for (const { reader, batch } of await cluster.query<Batch>('select reader, batch from seen order by n')) {
    recorder.add({ op: 'seen', reader, ...batch });
  }
}

/** Reads on from places that readers have saved, and pages from where they were pinned, and adds that to the history. */
export async function readAgain(
  cluster: Cluster,
  {
    history,
    recorder,
    random,
  }: { readonly history: History; readonly recorder: Recorder; readonly random: SeededRandom },
): Promise<void> {
  const byReader = Map.groupBy(linesOf(history, 'seen'), ({ reader }) => reader);
  for (const { reader, lanes = 1, batchSize, categories } of READERS) {
    const lines = byReader.get(reader) ?? [];
    const only = categories && { categories };
    for (let i = 0; i < AGAIN && lines.length > 0; i++) {
      const line = random.one(lines);
      const { lane, pinned, to } = line;
      const sized = cluster.storageOf({ lanes, batchSize: 1 + random.below(500) });
      const rest = await readFrom(sized.log, { lane, from: to, only, pages: Infinity });
      recorder.add({ op: 'again', reader, lane, from: to, ids: rest.ids });
      if (line.records.length === 0) continue;
      const page = await readFrom(cluster.storageOf({ lanes, batchSize }).log, { lane, from: pinned, only, pages: 1 });
      const byId = new Map(line.records.map((record) => [record[0], record]));
      const records = page.ids.map((id) => byId.get(id) ?? ([id, '', '', ''] as const));
      recorder.add({ op: 'fetched', reader, lane, pinned, to: page.to, records });
    }
  }
}

/** One lane, to its end or so many pages far. */
async function readFrom(
  log: PostgresLog,
  {
    lane,
    from,
    only,
    pages,
  }: {
    readonly lane: string;
    readonly from: string;
    readonly only: LogReader['only'];
    readonly pages: number;
  },
): Promise<{ readonly ids: readonly string[]; readonly to: string }> {
  const ids: string[] = [];
  let [to, left] = [from, pages];
  const enough = new AbortController();
  const until = new Map([...(await log.head())].filter(([name]) => name === lane));
  await log.run(
    {
      name: 'again',
      ...(only && { only }),
      until,
      from: async () => to as Cursor,
      handle: async (batch) => {
        ids.push(...batch.records.map(({ tenant, id }) => eventName(tenant, id)));
        to = batch.to;
        if (--left === 0) enough.abort();
      },
      faulted: (_, error) => {
        ids.push(`fault ${String(error)}`);
        enough.abort();
      },
    },
    AbortSignal.any([enough.signal, AbortSignal.timeout(PATIENCE_MS)]),
  );
  return { ids, to };
}
