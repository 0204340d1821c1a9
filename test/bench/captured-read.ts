import type { StreamRef } from '@leftfold/core';
import { postgres, type PgQuery } from '@leftfold/postgres';
import type { Client, Pool } from 'pg';
import { listening } from './captured-append.ts';

/** Reads a stream as a bare loop does, and parses its payloads. Resolves with how many events there were. */
export type BareRead = (client: Client, streamId: string) => Promise<number>;

/**
 * Learns the statements of limit L5 from the store: what it sends to read one stream, page by page. The bare loop sends the same for others of that
 * length, prepared, and parses what comes back with `JSON.parse`.
 */
export async function captureRead(pool: Pool, stream: StreamRef): Promise<BareRead> {
  const sent: PgQuery[] = [];
  const { store } = postgres({ pool: listening(pool, (query) => sent.push(query)) });
  for await (const page of store.read(stream)) if (page.length === 0) throw new Error('an empty page');
  const reads = sent.filter(({ text, values }) => /\bfrom \S+\.events\b/.test(text) && values?.includes(stream.id));
  if (reads.length === 0) throw new Error('no statement was seen that reads the stream');
  return async (client, streamId) => {
    let events = 0;
    for (const { text, values = [] } of reads) {
      const own = values.map((value) => (value === stream.id ? streamId : value));
      const { rows } = await client.query<{ readonly payload: unknown }>({ name: 'bench_read', text, values: own });
      for (const { payload } of rows) if (parsed(payload) === undefined) throw new Error('a payload is nothing');
      events += rows.length;
    }
    return events;
  };
}

/** Where the statement does not ask for text, the driver has parsed it already. */
const parsed = (payload: unknown): unknown => (typeof payload === 'string' ? JSON.parse(payload) : payload);
