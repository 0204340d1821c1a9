import { Client } from 'pg';
import type { Confirmed, Pointed, StoredEvent } from '../history.ts';

/** The log as its tables have it, read without any code of ours. */
export async function readLog(url: string): Promise<{
  readonly events: readonly StoredEvent[];
  readonly confirmed: readonly Confirmed[];
  readonly pointed: readonly Pointed[];
}> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: events } = await client.query<StoredEvent>(
      `select event_id as id, tenant, stream_id as stream, version::int, topic, payload::text from leftfold.events`,
    );
    const { rows: ledgers } = await client.query<{
      readonly topics: Record<string, { readonly next: readonly number[] }>;
    }>(`select ledger->'topics' as topics from leftfold.checkpoints where follower = 'relay' and ledger is not null`);
    const confirmed = ledgers.flatMap(({ topics }) =>
      Object.entries(topics).flatMap(([topic, { next }]) =>
        next.map((number, partition): Confirmed => ({ topic, partition, next: number })),
      ),
    );
    type Row = Pick<Pointed, 'log' | 'generation'> & {
      readonly partitions: readonly (readonly [topic: string, partition: number, next: number, offset: string])[];
    };
    const { rows: milestones } = await client.query<Row>(`select log, generation, partitions from leftfold.milestones`);
    const pointed = milestones.flatMap(({ log, generation, partitions }) =>
      partitions.map(([topic, partition, next, offset]): Pointed => {
        return { log, generation, topic, partition, next, offset: Number(offset) };
      }),
    );
    return { events, confirmed, pointed };
  } finally {
    await client.end();
  }
}
