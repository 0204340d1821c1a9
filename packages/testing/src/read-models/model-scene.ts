import { t, uuidV7 } from '@leftfold/core';
import type {
  Checkpoints,
  Claim,
  Cursor,
  FollowerId,
  KeptRow,
  Lane,
  ModelTransaction,
  ReadModels,
  RowKey,
  RowTable,
} from '@leftfold/subscriptions';

/** The part of a storage under test. */
export interface ModelStorage {
  readonly readModels: ReadModels;
  readonly checkpoints: Checkpoints;
}
/** Opens it. */
export type OpenModels = () => Promise<ModelStorage>;

/** A table that nobody has used before. */
export function newTable(differently: Partial<RowTable> = {}): RowTable {
  const unique = uuidV7().replaceAll('-', '').slice(-20);
  return {
    projection: `conformance-${unique}`,
    version: 1,
    name: `conformance_${unique}`,
    columns: { id: t.string(), count: t.int() },
    key: 'id',
    order: 'any',
    indexes: [],
    ...differently,
  };
}

/** One owner of one lane of a follower: each transaction moves its checkpoint by one. */
export class Owner {
  readonly claim: Claim;
  readonly #readModels: ReadModels;
  #steps = 0;

  constructor(claim: Claim, readModels: ReadModels) {
    this.claim = claim;
    this.#readModels = readModels;
  }

  /** A transaction from where the last one that was committed had ended. */
  async transaction<T>(work: (tx: ModelTransaction) => Promise<T>): Promise<T> {
    const place = (step: number): Cursor | 'start' => (step === 0 ? this.claim.cursor : (`step ${step}` as Cursor));
    const to = place(this.#steps + 1) as Cursor;
    const result = await this.#readModels.transaction(this.claim, { from: place(this.#steps), to }, work);
    this.#steps += 1;
    return result;
  }
  /** What is kept of these keys now. */
  read(table: RowTable, ...keys: readonly string[]): Promise<readonly KeptRow[]> {
    return this.transaction((tx) => tx.read(table, keys.map(rowKey), { lock: false }));
  }
}

/** Takes a lane of a follower; of one of its own when none is given. */
export async function newOwner(
  { checkpoints, readModels }: ModelStorage,
  {
    follower = { name: `conformance-${uuidV7()}`, version: 1 },
    lane = '0',
  }: { follower?: FollowerId; lane?: string } = {},
): Promise<Owner> {
  const options = { owner: uuidV7(), leaseMs: 60_000, respectLease: false };
  const claim = await checkpoints.claim(follower, lane as Lane, options);
  if (claim === undefined) throw new Error('without respectLease a claim is never refused');
  return new Owner(claim, readModels);
}

/** A key without a tenant. */
export const rowKey = (key: string): RowKey => ({ tenant: '', key });
