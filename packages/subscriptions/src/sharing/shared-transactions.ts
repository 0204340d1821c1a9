import type { Claim, Move } from '../checkpoints.ts';
import type { ModelPart, ModelTransaction, ReadModels } from '../read-models.ts';
import type { Lane } from '../source.ts';
import type { Together } from './shared-lane.ts';

/** How long those who are ready wait for the others of their batch. */
const PATIENCE_MS = 20;
/** Whose part took longer than this, and than all other parts together, makes its next transactions by itself, so that the others do not wait for it. */
const SLOW_MS = 100;
/** After so many it is tried again. */
const ALONE = 20;

const keyOf = (reader: string, lane: Lane): string => `${lane} ${reader}`;
const keyOfClaim = ({ follower, lane }: Claim): string => keyOf(`${follower.name}-v${follower.version}`, lane);
/** The one order in which everybody writes several read models: else two transactions would wait for each other. */
const inOrder = ({ claim: { follower: a } }: ModelPart, { claim: { follower: b } }: ModelPart): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : a.version - b.version;

/**
 * Read models whose transactions are made together where their followers were given a batch together ({@link ReadModels.transactions}): one BEGIN, one move of all checkpoints, one COMMIT. Each has
 * the outcome that its own would have had. Whoever comes late, or again, has a transaction of its own.
 */
export class SharedTransactions {
  /** What followers are given in place of the real ones. */
  readonly readModels: ReadModels;
  readonly #models: ReadModels;
  readonly #gatherings = new Map<string, Gathering>();
  /** Who makes so many transactions alone. */
  readonly #alone = new Map<string, number>();

  constructor(models: ReadModels) {
    this.#models = models;
    const transaction: ReadModels['transaction'] = (claim, move, work) => this.#transaction(claim, move, work);
    // All else is the real ones' own, whatever it is.
    this.readModels = new Proxy(models, {
      get: (target, name) => {
        if (name === 'transaction') return transaction;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }

  /** These readers are given a batch of a lane now. */
  readonly together = (lane: Lane, readers: readonly string[]): Together | undefined => {
    const keys = readers.map((reader) => keyOf(reader, lane)).filter((key) => !this.#alone.has(key));
    if (keys.length < 2) return undefined;
    const gathering = new Gathering(keys, this.#models, {
      left: (key) => this.#left(key, gathering),
      slow: (key) => void this.#alone.set(key, ALONE),
    });
    for (const key of keys) this.#gatherings.set(key, gathering);
    return { without: (reader, of) => gathering.without(keyOf(reader, of)) };
  };

  #left(key: string, gathering: Gathering): void {
    if (this.#gatherings.get(key) === gathering) this.#gatherings.delete(key);
  }
  async #transaction<T>(claim: Claim, move: Move, work: (tx: ModelTransaction) => Promise<T>): Promise<T> {
    const key = keyOfClaim(claim);
    const gathering = this.#gatherings.get(key);
    if (gathering === undefined) {
      const left = (this.#alone.get(key) ?? 0) - 1;
      if (left > 0) this.#alone.set(key, left);
      else this.#alone.delete(key);
      return this.#models.transaction(claim, move, work);
    }
    let result: { readonly of: T } | undefined;
    await gathering.add(key, { claim, move, work: async (tx) => void (result = { of: await work(tx) }) });
    return (result as unknown as { readonly of: T }).of;
  }
}

/** The transactions of those who were given one batch. */
class Gathering {
  readonly #models: ReadModels;
  readonly #awaited: Set<string>;
  readonly #told: GatheringListener;
  readonly #parts: GatheredPart[] = [];
  #patience: NodeJS.Timeout | undefined;

  constructor(keys: readonly string[], models: ReadModels, told: GatheringListener) {
    this.#awaited = new Set(keys);
    this.#models = models;
    this.#told = told;
  }

  add(key: string, part: ModelPart): Promise<void> {
    const outcome = Promise.withResolvers<void>();
    this.#parts.push({ key, part, outcome, ms: 0 });
    this.#patience ??= setTimeout(() => {
      // Whoever has much to do before its transaction would let the others wait each time.
      for (const awaited of this.#awaited) this.#told.slow(awaited);
      this.#close();
    }, PATIENCE_MS);
    this.without(key);
    return outcome.promise;
  }
  without(key: string): void {
    if (!this.#awaited.delete(key)) return;
    this.#told.left(key);
    if (this.#awaited.size === 0) this.#close();
  }

  #close(): void {
    clearTimeout(this.#patience);
    for (const key of this.#awaited) this.#told.left(key);
    this.#awaited.clear();
    const parts = this.#parts.splice(0).toSorted((a, b) => inOrder(a.part, b.part));
    if (parts.length > 0) void this.#carryOut(parts);
  }
  /** Never rejects. */
  async #carryOut(parts: readonly GatheredPart[]): Promise<void> {
    try {
      const [only] = parts;
      if (only !== undefined && parts.length === 1) {
        const { claim, move, work } = only.part;
        return only.outcome.resolve(await this.#models.transaction(claim, move, work));
      }
      const outcomes = await this.#models.transactions(parts.map(timed));
      for (const [i, { outcome }] of parts.entries()) {
        const one = outcomes[i];
        if (one?.status === 'fulfilled') outcome.resolve();
        else outcome.reject(one?.reason);
      }
    } catch (error) {
      for (const { outcome } of parts) outcome.reject(error);
    }
    const all = parts.reduce((sum, { ms }) => sum + ms, 0);
    for (const { key, ms } of parts) if (ms > SLOW_MS && ms > all - ms) this.#told.slow(key);
  }
}

interface GatheringListener {
  /** Nothing is awaited of this one any more. */
  left(key: string): void;
  /** This one has kept the others waiting. */
  slow(key: string): void;
}
interface GatheredPart {
  readonly key: string;
  readonly part: ModelPart;
  readonly outcome: PromiseWithResolvers<void>;
  /** What its work took at last, without the rows that it waited for: those are read and written for all at once. */
  ms: number;
}

function timed(gathered: GatheredPart): ModelPart {
  const { part } = gathered;
  return {
    ...part,
    work: async (tx) => {
      const began = performance.now();
      let waitedMs = 0;
      const waiting = async <T>(ask: () => Promise<T>): Promise<T> => {
        const asked = performance.now();
        try {
          return await ask();
        } finally {
          waitedMs += performance.now() - asked;
        }
      };
      try {
        await part.work({
          ...tx,
          read: (...asked) => waiting(() => tx.read(...asked)),
          write: (...asked) => waiting(() => tx.write(...asked)),
        });
      } finally {
        gathered.ms = performance.now() - began - waitedMs;
      }
    },
  };
}
