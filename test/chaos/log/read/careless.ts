import type { PgPool } from '@leftfold/postgres';
import { eventually } from '@leftfold/testing';
import type { Pool, PoolClient } from 'pg';
import type { Writer } from '../write/writer.ts';

/** As many as the pool has. */
export const READERS_CONNECTIONS = 3;
/** The same pool, of a driver that does not tell whether a transaction is open: nobody closes such a connection before a reader is lent it. */
export function silentPool(pool: Pool): PgPool {
  return {
    connect: async () => {
      const client = await pool.connect();
      return {
        query: (query) => client.query(query),
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (destroy) => client.release(destroy),
      };
    },
  };
}

/** Batches or faults of the reader while the connection is open: the first ones may be of before. */
const TURNS = 3;

/**
 * Gives a connection back to the readers' pool inside an open transaction that has an id, and appends on it when the reader has seen a younger event there: with a
 * snapshot that counts this id as seen (hazard L17) it would never get the older one's. All other connections of the pool are kept meanwhile, so that it is this
 * one that the reader is lent.
 * @param turns of the reader so far.
 */
export async function beCareless(pool: Pool, writer: Writer, turns: () => number): Promise<void> {
  const { recorder, process, store } = writer.scene;
  const tx = `${process}!${++writer.scene.calls}`;
  const clients: PoolClient[] = [];
  while (clients.length < READERS_CONNECTIONS) {
    const client = await pool.connect();
    client.on('error', () => undefined);
    clients.push(client);
  }
  const [client, ...kept] = clients as [PoolClient, ...PoolClient[]];
  let isCommitting = false;
  try {
    await client.query('begin; insert into other values (1)');
    client.release();
    await writer.transaction(async (_, append) => void (await append(writer.plan({ expect: 'any' }))));
    const before = turns();
    // A reader that is behind for other reasons need not be waited for.
    await eventually(() => turns() >= before + TURNS, { timeoutMs: 1_000 }).catch(() => undefined);
    await writer.append(store.within(client), writer.plan({ expect: 'any' }), { tx });
    isCommitting = true;
    const { command } = await client.query('commit');
    recorder.add({ op: 'end', type: command === 'COMMIT' ? 'ok' : 'fail', tx });
  } catch {
    recorder.add({ op: 'end', type: isCommitting ? 'info' : 'fail', tx });
    await client.query('rollback').catch(() => undefined);
  } finally {
    for (const each of kept) each.release();
  }
}
