import type { FollowerId } from '../checkpoints.ts';
import type { ModelPart, ModelTransaction, ReadModels } from '../read-models.ts';

/**
 * A transaction that has begun keeps others from beginning twice as long as the last one took, within these bounds: on a slow server, too, they come one after the other, and one that is held up, as by somebody's
 * lock, does not hold all lanes.
 */
const PATIENCE_MS = { least: 100, most: 1_000 };

/** Turns are taken for so long after a start, and after two transactions have met. */
const MET_MS = 10_000;

const nameOf = ({ name, version }: FollowerId): string => `${name}/${version}`;

/**
 * Transactions of this process that write the same rows, one after the other, while they do. Lanes of a projection whose rows many streams feed may meet in them: side by side they wait for each other's
 * locks with a connection each in hand, and insert a row twice, of which one is done again. In turns the server does a quarter of the work (0048). Where none has had to be done again of late they go side by side: a
 * turn would only make an event wait for those of all other lanes.
 *
 * Only who begins when is decided here: what keeps them apart is the database, for other processes, too. So a turn is no lock: some time after a transaction has begun the next one does,
 * whatever became of it.
 */
class RowTurns {
  /** The end of the last turn of each name. */
  readonly #ends = new Map<string, Promise<void>>();
  /** What the last one took. */
  #tookMs = 0;
  /** Begins as if they had: after a start all lanes are behind, and meet most. */
  #metAt = performance.now();

  /** Told what the work of a transaction has thrown. */
  failed(error: unknown): void {
    const { code } = (error ?? {}) as { readonly code?: unknown };
    if (code === 'LF_ROW_RACED' || code === 'LF_SERIALIZATION') this.#metAt = performance.now();
  }

  /** Does the work when all who asked before for one of these names have done theirs, or have taken too long. Answers, and rejects, as the work does. */
  async take<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    if (names.length === 0 || performance.now() - this.#metAt >= MET_MS) return work();
    const before = names.map((name) => this.#ends.get(name));
    const { promise: end, resolve: over } = Promise.withResolvers<void>();
    for (const name of names) this.#ends.set(name, end);
    // Each waits for those before it alone, so nobody waits in a circle.
    for (const one of before) await one;
    const began = performance.now();
    const patience = setTimeout(over, Math.min(Math.max(2 * this.#tookMs, PATIENCE_MS.least), PATIENCE_MS.most));
    try {
      return await work();
    } finally {
      clearTimeout(patience);
      over();
      this.#tookMs = performance.now() - began;
      for (const name of names) if (this.#ends.get(name) === end) this.#ends.delete(name);
    }
  }
}

/** The same read models, whose transactions of these followers take turns for a while after two have met in a row. */
export function takingTurns(models: ReadModels, followers: readonly FollowerId[]): ReadModels {
  const names = new Set(followers.map(nameOf));
  if (names.size === 0) return models;
  const turns = new RowTurns();
  const namesOf = (parts: readonly Pick<ModelPart, 'claim'>[]): readonly string[] =>
    parts.map(({ claim }) => nameOf(claim.follower)).filter((name) => names.has(name));
  const watched =
    <T>(work: (tx: ModelTransaction) => Promise<T>) =>
    async (tx: ModelTransaction): Promise<T> => {
      try {
        return await work(tx);
      } catch (error) {
        turns.failed(error);
        throw error;
      }
    };
  const inTurn: Pick<ReadModels, 'transaction' | 'transactions'> = {
    transaction: (claim, move, work) =>
      turns.take(namesOf([{ claim }]), () => models.transaction(claim, move, watched(work))),
    transactions: (parts) =>
      turns.take(namesOf(parts), () =>
        models.transactions(parts.map((part) => ({ ...part, work: watched(part.work) }))),
      ),
  };
  // All else is the real ones' own, whatever it is.
  return new Proxy(models, {
    get: (target, name) => {
      if (name === 'transaction' || name === 'transactions') return inTurn[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
