import { LeftfoldError } from '@leftfold/core';
import type { ModelTransaction, ReadModels, RowChange, Storage } from '@leftfold/subscriptions';
import { over } from './over.ts';
import type { Schedule, Stepping } from './schedule.ts';

/** Of the calls in a schedule that is not calm. */
const FAILING = 0.02;
/** Of the drains, where only the epoch, and only the answer, says what is so. */
const [FROZEN_IN_DRAIN, FAILING_DRAIN] = [0.3, 0.15];

class Away extends LeftfoldError {
  readonly code = 'LF_STORAGE_UNAVAILABLE' as const;
  readonly retryable = true as const;
}

/** What befell the processes of a schedule: so that it can be seen that the schedules come to where things go wrong. */
export interface Fates {
  killed: number;
  /** In the midst of a transaction. */
  interrupted: number;
  frozen: number;
  /** Transactions that were refused, since another owner had the lane. */
  refused: number;
  parked: number;
  drained: number;
  /** Transactions that did a part of a batch. */
  cut: number;
}

/**
 * A process between the projector's loop and a storage: each call is a step when it is made, and one when its answer comes; so are the steps within a transaction.
 * It can be killed and frozen between any two. A frozen one's transaction is ended, as a server ends one that is idle for too long.
 */
export class Process implements Stepping {
  readonly storage: Storage;
  #state: 'running' | 'frozen' | 'dead' = 'running';
  readonly #schedule: Schedule;
  readonly #fates: Fates;
  readonly #transactions = new Set<(error: Error) => void>();

  /** @param refuses which row the tables' constraints refuse. */
  constructor(
    inner: Storage,
    {
      schedule,
      fates,
      refuses,
    }: { readonly schedule: Schedule; readonly fates: Fates; readonly refuses: (change: RowChange) => boolean },
  ) {
    this.#schedule = schedule;
    this.#fates = fates;
    this.storage = {
      ...inner,
      checkpoints: this.#stepping(inner.checkpoints),
      parked: this.#stepping(inner.parked),
      readModels: this.#models(inner.readModels, refuses),
    };
  }

  get isFrozen(): boolean {
    return this.#state === 'frozen';
  }
  get isDead(): boolean {
    return this.#state === 'dead';
  }
  freeze(): void {
    if (this.#state !== 'running') return;
    this.#state = 'frozen';
    this.#fates.frozen += 1;
    this.#endTransactions();
  }
  thaw(): void {
    if (this.#state === 'frozen') this.#state = 'running';
  }
  /** Nothing that it does from now on has an effect. */
  kill(): void {
    this.#state = 'dead';
    this.#fates.killed += 1;
    this.#endTransactions();
    this.#schedule.release(this);
  }

  #endTransactions(): void {
    for (const end of this.#transactions) end(new Away('the server ended the transaction'));
    this.#fates.interrupted += this.#transactions.size;
    this.#transactions.clear();
  }
  async #step(): Promise<void> {
    if (this.#state !== 'dead') await this.#schedule.step(this);
    if (this.#state === 'dead') throw new Away('the process was killed');
  }
  async #call<T>(work: () => Promise<T>, failing: number = FAILING): Promise<T> {
    await this.#step();
    if (this.#schedule.chance(failing)) throw new Away('the call did not arrive');
    const outcome = await work().then(
      (answer) => () => answer,
      (error: unknown) => () => {
        throw error;
      },
    );
    await this.#step();
    if (this.#schedule.chance(failing)) throw new Away('the answer did not arrive');
    return outcome();
  }
  #stepping<Port extends object>(port: Port, members: Partial<Port> = {}): Port {
    return over(port, members, (call) => this.#call(async () => call()));
  }

  #models(models: ReadModels, refuses: (change: RowChange) => boolean): ReadModels {
    const transaction: ReadModels['transaction'] = (claim, move, work) => {
      // A move to where it stands is a drain's: its place alone guards nothing, and only the answer says whether the key is live.
      const isDrain = move.from === move.to;
      if (isDrain && this.#schedule.chance(FROZEN_IN_DRAIN)) this.freeze();
      const send = () => models.transaction(claim, move, (tx) => this.#inTransaction(tx, refuses, work));
      return this.#call(send, isDrain ? FAILING_DRAIN : FAILING).catch((error: unknown) => {
        if ((error as { readonly code?: unknown }).code === 'LF_LANE_LOST') this.#fates.refused += 1;
        throw error;
      });
    };
    return this.#stepping(models, {
      prepare: (tables) => models.prepare(tables),
      transaction,
      transactions: (parts) => Promise.allSettled(parts.map(({ claim, move, work }) => transaction(claim, move, work))),
    });
  }
  async #inTransaction<T>(
    tx: ModelTransaction,
    refuses: (change: RowChange) => boolean,
    work: (tx: ModelTransaction) => Promise<T>,
  ): Promise<T> {
    if (this.#state !== 'running') throw new Away('nobody is there');
    const { promise: ended, reject: end } = Promise.withResolvers<never>();
    ended.catch(() => {});
    this.#transactions.add(end);
    const step = async (call: () => unknown, name: string | symbol = ''): Promise<unknown> => {
      if (name === 'attempt') return call();
      await this.#step();
      if (!this.#transactions.has(end)) throw new Away('the transaction is over');
      if (name === 'park') this.#fates.parked += 1;
      if (name === 'drop') this.#fates.drained += 1;
      if (name === 'endAt') this.#fates.cut += 1;
      return call();
    };
    const stepping = over<ModelTransaction>(
      tx,
      {
        parked: over(tx.parked, {}, step),
        write: async (table, changes) =>
          void (await step(() => {
            // Where one row is refused, the whole statement is.
            if (changes.some(refuses)) throw Object.assign(new Error('violates a check constraint'), { code: '23514' });
            return tx.write(table, changes);
          })),
      },
      step,
    );
    try {
      const all = async (): Promise<T> => {
        const answer = await work(stepping);
        await step(() => undefined);
        return answer;
      };
      return await Promise.race([ended, all()]);
    } finally {
      this.#transactions.delete(end);
    }
  }
}
