import type { Client } from 'pg';
import { ONE_IN } from '../models/events.ts';
import { FEEDS, type Feed } from '../models/models.ts';
import type { ModelRow, Models, StoredEvent } from './fold-log.ts';

/** The log as its table has it, read without any code of ours. */
export async function readEvents(client: Client): Promise<readonly StoredEvent[]> {
  const { rows } = await client.query<StoredEvent>(
    `select event_id as id, category, substr(stream_id, length(category) + 2) as key, stream_id as stream, version::int, payload from leftfold.events`,
  );
  return rows;
}

/** What each feed's models hold, read in one snapshot, without any code of ours. */
export async function readModels(client: Client): Promise<ReadonlyMap<Feed, Models>> {
  await client.query('begin isolation level repeatable read');
  const models = new Map<Feed, Models>();
  for (const feed of FEEDS) {
    const tallies = await rowsOf(client, `tallies_by_${feed}`, 'chain::float8 as chain');
    const buckets = await rowsOf(client, `buckets_by_${feed}`);
    const { rows: applied } = await client.query<Models['applied'][number]>(
      `select stream || '@' || version as event, times from leftfold_ledger_by_${feed}_v1.applied`,
    );
    models.set(feed, { tallies, buckets, applied });
  }
  await client.query('commit');
  return models;
}

async function rowsOf(client: Client, table: string, ...more: readonly string[]): Promise<readonly ModelRow[]> {
  const columns = ['id', 'events', 'amount::float8 as amount', ...more].join(', ');
  const { rows } = await client.query<ModelRow>(`select ${columns} from leftfold_${table}_v1.${table}`);
  return rows;
}

/** How many events each feed's models have dealt with; of the tallies those of healthy keys apart. Cheap, to be asked again and again. */
export async function countModels(client: Client): Promise<ReadonlyMap<Feed, ModelCounts>> {
  const counts = new Map<Feed, ModelCounts>();
  for (const feed of FEEDS) {
    const [tallies, buckets] = [`tallies_by_${feed}`, `buckets_by_${feed}`];
    const { rows } = await client.query<ModelCounts>(
      `select t.healthy, t.tallies, b.buckets, l.applied from
(select coalesce(sum(events), 0)::int as tallies, coalesce(sum(events) filter (where substr(id, 2)::int % ${ONE_IN} <> 0), 0)::int as healthy from leftfold_${tallies}_v1.${tallies}) t,
(select coalesce(sum(events), 0)::int as buckets from leftfold_${buckets}_v1.${buckets}) b,
(select count(*)::int as applied from leftfold_ledger_by_${feed}_v1.applied) l`,
    );
    counts.set(feed, rows[0] as ModelCounts);
  }
  return counts;
}
/** Events, by model. */
export interface ModelCounts {
  readonly healthy: number;
  readonly tallies: number;
  readonly buckets: number;
  readonly applied: number;
}
