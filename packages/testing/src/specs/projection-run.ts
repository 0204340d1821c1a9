import { uuidV7 } from '@leftfold/core';
import { follow, FollowerStopped } from '@leftfold/subscriptions';
import type { AnyProjection, Cursor, Lane, LaneFault, Row, RowKey, Storage } from '@leftfold/subscriptions';
import { ScriptedSource } from './scripted-source.ts';
import type { Script } from './scripted-source.ts';

/** Which transactions, counted from 0, end in a crash of the process: before their commit, or after it, before anybody heard of it. */
export type Crashes = ReadonlyMap<number, 'before' | 'after'>;
/** How records reach the projection. */
export interface ProjectionScript {
  readonly script: Script;
  readonly crashes: Crashes;
}
/** All rows in the end, by key; or why a lane stopped. */
export type ProjectionOutcome = { readonly rows: readonly Row[] } | { readonly fault: LaneFault };

/**
 * Plays a script to a projection through the loop that production runs, and reads what it wrote. After a crash the loop is started anew on the same
 * storage. The projection's table and follower must not have been used in this storage before.
 */
export async function runProjection(
  projection: AnyProjection,
  { script, crashes }: ProjectionScript,
  storage: Storage,
): Promise<ProjectionOutcome> {
  const written = new Map<string, RowKey>();
  const observed = crashing(storage, crashes, written);
  for (;;) {
    const running = await follow(projection, { from: new ScriptedSource(script), storage: observed });
    const fault = await running.caughtUp().then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof FollowerStopped && error.fault) return error.fault;
        throw error;
      },
    );
    await running.stop();
    if (fault === undefined) return { rows: await rowsOf(projection, storage, [...written.values()]) };
    if (fault.code !== CRASH) return { fault };
  }
}

const CRASH = 'SPEC_CRASH';
class Crash extends Error {
  readonly code = CRASH;
}

function crashing(storage: Storage, crashes: Crashes, written: Map<string, RowKey>): Storage {
  const { readModels } = storage;
  let transactions = 0;
  return {
    ...storage,
    readModels: {
      prepare: (table) => readModels.prepare(table),
      reader: (tables) => readModels.reader(tables),
      transaction: async (claim, move, work) => {
        const crash = crashes.get(transactions++);
        const result = await readModels.transaction(claim, move, async (tx) => {
          const answer = await work({
            read: (table, keys, options) => tx.read(table, keys, options),
            write: (table, changes) => {
              for (const { tenant, key } of changes) written.set(`${tenant}/${key}`, { tenant, key });
              return tx.write(table, changes);
            },
          });
          if (crash === 'before') throw new Crash();
          return answer;
        });
        if (crash === 'after') throw new Crash();
        return result;
      },
    },
  };
}

async function rowsOf(
  { rowTable }: AnyProjection,
  { checkpoints, readModels }: Storage,
  keys: readonly RowKey[],
): Promise<readonly Row[]> {
  const reader = { name: `spec-${uuidV7()}`, version: 1 };
  const claim = await checkpoints.claim(reader, '0' as Lane, { owner: 'spec', leaseMs: 1_000, respectLease: false });
  if (claim === undefined) throw new Error('without respectLease a claim is never refused');
  const kept = await readModels.transaction(claim, { from: 'start', to: 'read' as Cursor }, (tx) =>
    tx.read(
      rowTable,
      keys.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
      { lock: false },
    ),
  );
  return kept.flatMap(({ row }) => (row === null ? [] : [plain(row)]));
}

/** Drivers give bytes as a class of their own, and rows without a prototype: neither is a difference. */
const plain = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]) => [column, value instanceof Uint8Array ? new Uint8Array(value) : value]),
  );
