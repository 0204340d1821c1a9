import { uuidV7, type EventStore, type EventId, type StreamAppend, type StreamVersion } from '@leftfold/core';
import { applyMigrations, postgres, type PostgresStorage } from '@leftfold/postgres';
import { Client, type Pool } from 'pg';
import { encodedNote, noteStream } from '../bench-aggregate.ts';
import { benchPool } from '../bench-pool.ts';
import { packageVersion } from './package-version.ts';
import type { ProbedPeer } from './peer.ts';
import type { ProbedEvent, ProbedStore } from './probe.ts';

/** Ours passes the same probe as the others, or its speed says nothing. */
export const leftfold: ProbedPeer = {
  name: 'Leftfold',
  version: packageVersion(import.meta.resolve('@leftfold/postgres')),
  prepare: async (url) => {
    const pool = benchPool(url, 4);
    await applyMigrations(pool);
    await pool.end();
  },
  probed: (url) => {
    const pool = benchPool(url, 20);
    const reading = new AbortController();
    return Promise.resolve({
      store: probed(url, pool, reading.signal),
      close: async () => {
        reading.abort();
        await pool.end();
      },
    });
  },
};

function probed(url: string, pool: Pool, reading: AbortSignal): ProbedStore {
  const { store } = postgres({ pool });
  const append = async (into: EventStore, stream: string, expect: StreamAppend['expect'], id: string) => {
    const event = { ...encodedNote({ noise: id, text: '' }), id: uuidV7() as EventId };
    return (await into.append([{ stream: noteStream(stream), expect, events: [event] }])).kind;
  };
  return {
    append: async (stream, expected, id) => {
      const expect = expected === 'none' ? 'absent' : expected === 'any' ? 'any' : (expected as StreamVersion);
      return (await append(store, stream, expect, id)) === 'appended' ? 'appended' : 'conflict';
    },
    read: async (stream) => {
      const ids: string[] = [];
      for await (const page of store.read(noteStream(stream))) ids.push(...page.map(({ payload }) => noiseOf(payload)));
      return ids;
    },
    reader: (page) => follower(postgres({ pool, batchSize: page }).log, reading),
    transaction: async () => {
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query('begin');
      return {
        touch: async () => void (await client.query('select pg_current_xact_id()')),
        append: async (stream, id) => void (await append(store.within(client), stream, 'any', id)),
        commit: async () => {
          await client.query('commit');
          await client.end();
        },
      };
    },
  };
}

const noiseOf = (payload: string): string => (JSON.parse(payload) as { readonly noise: string }).noise;
const PREFIX = noteStream('x').id.slice(0, -1);
const POLL_MS = 5;

/** A reader that follows the log; it has caught up when it has passed the end as it was when it was asked. */
function follower(log: PostgresStorage['log'], signal: AbortSignal): { next(): Promise<readonly ProbedEvent[]> } {
  type Reader = Parameters<typeof log.run>[0];
  type Cursor = Awaited<ReturnType<Reader['from']>>;
  let [events, at]: [ProbedEvent[], Cursor] = [[], 'start'];
  let fault: { readonly error: unknown } | undefined;
  const running = log.run(
    {
      name: 'probe',
      from: () => Promise.resolve(at),
      handle: ({ records, to }) => {
        events.push(
          ...records.map(({ payload, stream }) => ({ id: noiseOf(payload), stream: stream.slice(PREFIX.length) })),
        );
        at = to;
        return Promise.resolve();
      },
      faulted: (_, error) => void (fault ??= { error }),
    },
    signal,
  );
  running.catch((error: unknown) => void (fault ??= { error }));
  return {
    next: async () => {
      const heads = [...(await log.head()).values()];
      while (events.length === 0 && fault === undefined && !heads.every((head) => log.hasPassed(at, head))) {
        await new Promise((resolve) => void setTimeout(resolve, POLL_MS));
      }
      if (fault !== undefined) throw new Error('the log could not be read', { cause: fault.error });
      const given = events;
      events = [];
      return given;
    },
  };
}
