import { uuidV7 } from '@leftfold/core';
import { follow, FollowerStopped, isFolded } from '@leftfold/subscriptions';
import type {
  AnyProjection,
  Cursor,
  Lane,
  LaneFault,
  ModelTransaction,
  ParkedHead,
  Row,
  RowKey,
  Storage,
} from '@leftfold/subscriptions';
import { Life, mortalStorage } from './mortal-storage.ts';
import type { Crashes } from './mortal-storage.ts';
import { over } from './over.ts';
import { ScriptedSource } from './scripted-source.ts';
import type { Script } from './scripted-source.ts';

/** How records reach the projection. */
export interface ProjectionScript {
  readonly script: Script;
  readonly crashes: Crashes;
}
/** What a run left behind. */
export interface ProjectionOutcome {
  /** Why a lane stopped; then nothing was looked at. */
  readonly fault?: LaneFault;
  /** The keys that are parked, by key. */
  readonly parked: readonly ParkedHead[];
  /** All rows, by key. Of a projection with statements of its own none: ask. */
  readonly rows: readonly Row[];
  /** Looks at tables that a projection writes with statements of its own. @param look gets what its handlers get */
  readonly ask: <T>(look: (db: never) => Promise<T>) => Promise<T>;
}

/** Of one spec nobody parks more. */
const MOST_PARKED = 1_000;

/**
 * Plays a script to a projection through the loop that production runs, and reads what it wrote. After a crash the loop is started anew on the same
 * storage. The projection's tables and follower must not have been used in this storage before.
 */
export async function runProjection(
  projection: AnyProjection,
  { script, crashes }: ProjectionScript,
  storage: Storage,
): Promise<ProjectionOutcome> {
  const keys = new Map(script.flat(2).map(({ tenant }) => [tenant, new Set<string>()]));
  const observed = observing(storage, keys);
  const ask: ProjectionOutcome['ask'] = (look) =>
    looking(storage, (tx) => look(tx.own(projection.tables as never) as never));
  let transactions = 0;
  for (;;) {
    const life = new Life();
    const mortal = mortalStorage(observed, life, () => crashes.get(transactions++));
    const running = await follow(projection, { from: new ScriptedSource(script), storage: mortal });
    const caughtUp = running.caughtUp().then(() => undefined, faultOf);
    const fault = await Promise.race([life.ended, caughtUp]);
    await running.stop();
    await caughtUp.catch(() => undefined);
    if (life.isOver) continue;
    if (fault !== undefined) return { fault, parked: [], rows: [], ask };
    const { name, version } = projection;
    const parked = await storage.parked.list({ follower: { name, version }, limit: MOST_PARKED });
    return { parked, rows: await rowsOf(projection, storage, keys), ask };
  }
}

function faultOf(error: unknown): LaneFault {
  if (error instanceof FollowerStopped && error.fault) return error.fault;
  throw error;
}

/** Notes which keys of which tenants are written. */
function observing(storage: Storage, keys: ReadonlyMap<string, Set<string>>): Storage {
  const { readModels } = storage;
  const observed = (tx: ModelTransaction): ModelTransaction =>
    over(tx, {
      write: (table, changes) => {
        for (const { tenant, key } of changes) keys.get(tenant)?.add(key);
        return tx.write(table, changes);
      },
    });
  return {
    ...storage,
    readModels: over(readModels, {
      transaction: (claim, move, work) => readModels.transaction(claim, move, (tx) => work(observed(tx))),
    }),
  };
}

async function rowsOf(
  projection: AnyProjection,
  storage: Storage,
  written: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<readonly Row[]> {
  if (!isFolded(projection)) return [];
  const keys = [...written].flatMap(([tenant, ofTenant]): readonly RowKey[] =>
    [...ofTenant].toSorted().map((key) => ({ tenant, key })),
  );
  const kept = await looking(storage, (tx) => tx.read(projection.rowTable, keys, { lock: false }));
  return kept.flatMap(({ row }) => (row === null ? [] : [plain(row)]));
}

/** In a transaction of a follower that nobody else is. */
async function looking<T>(
  { checkpoints, readModels }: Storage,
  look: (tx: ModelTransaction) => Promise<T>,
): Promise<T> {
  const reader = { name: `spec-${uuidV7()}`, version: 1 };
  const claim = await checkpoints.claim(reader, '0' as Lane, { owner: 'spec', leaseMs: 1_000, respectLease: false });
  if (claim === undefined) throw new Error('without respectLease a claim is never refused');
  return readModels.transaction(claim, { from: 'start', to: 'read' as Cursor }, look);
}

/** Drivers give bytes as a class of their own, and rows without a prototype: neither is a difference. */
const plain = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]) => [column, value instanceof Uint8Array ? new Uint8Array(value) : value]),
  );
