import { event, encodeEvent, streamRef, t, uuidV7, type EventId } from '@leftfold/core';
import { applyMigrations, postgres, type PostgresStorage } from '@leftfold/postgres';
import { Pool } from 'pg';
import type { BenchServer } from '../bench-server.ts';
import { payloads } from '../payloads.ts';
import { SeededRandom } from '../seeded-random.ts';

/** A log of its own to measure, on the bench's server. */
export interface StorageLog {
  readonly pool: Pool;
  readonly storage: PostgresStorage;
  /** The only row of a query. */
  one<R>(sql: string, values?: unknown[]): Promise<R>;
  /** Bytes of WAL that some work writes. */
  wal(work: () => Promise<unknown>): Promise<number>;
  end(): Promise<void>;
}

const noted = event('bench.note.noted', { noise: t.string(), text: t.string() });

/** Makes an empty, migrated log. Checkpoints are kept out by the server's settings, so no page is written to the WAL whole a second time. */
export async function storageLog(server: BenchServer): Promise<StorageLog> {
  const url = await server.fresh();
  const pool = new Pool({ connectionString: url, max: 20 });
  // The database is dropped while its last connections are closing.
  pool.on('error', () => undefined);
  await applyMigrations(pool);
  const one = async <R>(sql: string, values: unknown[] = []): Promise<R> =>
    (await pool.query(sql, values)).rows[0] as R;
  const at = async (): Promise<number> =>
    Number((await one<{ at: string }>(`select pg_current_wal_insert_lsn() - '0/0' as at`)).at);
  return {
    pool,
    storage: postgres({ pool }),
    one,
    wal: async (work) => {
      const before = await at();
      await work();
      return (await at()) - before;
    },
    end: async () => {
      await pool.end();
      await server.drop(url);
    },
  };
}

/** Appends with one writer, to `streams` streams in turn, as a command with a correlation, a causation and an actor does. */
export async function appendEvents(
  { storage }: StorageLog,
  options: {
    readonly appends: number;
    readonly events: number;
    readonly payloadBytes: number;
    readonly streams: number;
  },
): Promise<void> {
  const texts = payloads(new SeededRandom(1), options.payloadBytes);
  const keys = Array.from({ length: options.streams }, () => uuidV7());
  for (let nth = 0; nth < options.appends; nth++) {
    const metadata = { correlationId: uuidV7(), causationId: uuidV7(), actor: 'user-4711' };
    const events = Array.from({ length: options.events }, (_, k) =>
      encodeEvent(
        noted,
        noted(texts[(nth + k) % texts.length] as (typeof texts)[number]),
        uuidV7() as EventId,
        metadata,
      ),
    );
    const stream = streamRef('bench.note', keys[nth % keys.length] ?? '');
    await storage.store.append([{ stream, expect: 'any', events }]);
  }
}
