import { streamRef, uuidV7, type EventId } from '@leftfold/core';
import { postgres, type PostgresStorage } from '@leftfold/postgres';
import type { BenchServer } from '../bench-server.ts';
import { storageLog, type StorageLog } from './storage-log.ts';

type Checkpoints = PostgresStorage['checkpoints'];
type Lane = Parameters<Checkpoints['claim']>[1];
type Cursor = Parameters<Checkpoints['save']>[1]['to'];

/** What updates of few rows leave behind. */
export interface HotRows {
  readonly what: string;
  readonly updates: number;
  /** Share of the updates that touched no index. */
  readonly hot: number;
  /** Pages of the table, and of its key's index, afterwards, without any vacuum. */
  readonly pages: number;
  readonly indexPages: number;
}

/** Saves of one follower's place, each a transaction of its own, by the checkpoints' own code. */
export async function checkpointSaves(server: BenchServer, saves: number, oldSnapshot: boolean): Promise<HotRows> {
  return measured(
    server,
    'checkpoints',
    oldSnapshot,
    `${saves} saves of one lane${oldSnapshot ? ', behind an old snapshot' : ''}`,
    async ({ storage }) => {
      const { checkpoints } = storage;
      const options = { owner: 'bench', leaseMs: 60_000, respectLease: false };
      const claim = await checkpoints.claim({ name: 'bench', version: 1 }, '0' as Lane, options);
      if (claim === undefined) throw new Error('the lane is free');
      let from = claim.cursor;
      // As long as cursors and ledgers are in a small system.
      const ledger = {
        numbers: Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`orders.order/${n}`, 1_000_000])),
      };
      for (let nth = 0; nth < saves; nth++) {
        const to = `1/${uuidV7()}/1/1000000:1000000:/-/${nth}` as Cursor;
        await checkpoints.save(claim, { from, to, ledger });
        from = to;
      }
    },
  );
}

/** Appends of 16 writers, to one stream or each to one of its own. */
export async function streamHeads(server: BenchServer, appends: number, oldSnapshot: boolean): Promise<HotRows> {
  return measured(
    server,
    'streams',
    oldSnapshot,
    `${appends} appends of 16 writers to one stream${oldSnapshot ? ', behind an old snapshot' : ''}`,
    async ({ pool }) => {
      const stream = streamRef('bench.note', uuidV7());
      const { store } = postgres({ pool });
      const schema = { type: 'bench.note.noted', version: 1, fingerprint: 'f', avro: {} };
      await Promise.all(
        Array.from({ length: 16 }, async () => {
          for (let nth = 0; nth < appends / 16; nth++) {
            const event = {
              id: uuidV7() as EventId,
              schema,
              payload: '{}',
              private: false,
              metadata: { correlationId: 'bench' },
            };
            await store.append([{ stream, expect: 'any', events: [event] }]);
          }
        }),
      );
    },
  );
}

async function measured(
  server: BenchServer,
  table: string,
  oldSnapshot: boolean,
  what: string,
  work: (log: StorageLog) => Promise<void>,
): Promise<HotRows> {
  const log = await storageLog(server);
  const reader = await log.pool.connect();
  try {
    await log.pool.query(`alter table leftfold.${table} set (autovacuum_enabled = off)`);
    if (oldSnapshot) await reader.query('begin isolation level repeatable read; select 1 from leftfold.log');
    await work(log);
    await reader.query('rollback');
    await log.pool.query('select pg_stat_force_next_flush()');
    return await log.one(
      `select $1 as what, n_tup_upd::int as updates, n_tup_hot_upd / greatest(n_tup_upd, 1)::float8 as hot,
         pg_relation_size(relid)::int / 8192 as pages, pg_relation_size('leftfold.${table}_key')::int / 8192 as "indexPages"
       from pg_stat_user_tables where relid = 'leftfold.${table}'::regclass`,
      [what],
    );
  } finally {
    reader.release();
    await log.end();
  }
}
