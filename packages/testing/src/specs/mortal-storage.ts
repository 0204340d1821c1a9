import { LeftfoldError } from '@leftfold/core';
import type { ModelTransaction, ReadModels, Storage } from '@leftfold/subscriptions';
import { through } from './over.ts';

/**
 * Where a process may die in one transaction of its projection: `unsent`, before the server has anything of it; `moved`, when the checkpoint is moved and nothing else
 * done; `read` and `written`, after the first of either; `uncommitted`, when all is done but not committed; `unheard`, when it is committed and nobody heard of it.
 */
export type CrashStep = 'unsent' | 'moved' | 'read' | 'written' | 'uncommitted' | 'unheard';
export const CRASH_STEPS: readonly CrashStep[] = ['unsent', 'moved', 'read', 'written', 'uncommitted', 'unheard'];
/** Which transactions, counted from 0 over all lives, end in a crash of the process. */
export type Crashes = ReadonlyMap<number, CrashStep>;

/** What a process that is dead gets for answers, while what runs in it has not been stopped: a server that is gone. */
class Died extends LeftfoldError {
  readonly code = 'LF_STORAGE_UNAVAILABLE' as const;
  readonly retryable = true as const;

  constructor() {
    super('the process was killed, as its spec wanted');
  }
}

/** One life of a process: nothing that it calls has an effect once it has ended. */
export class Life {
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  #isOver = false;
  #end: () => void = () => {};

  constructor() {
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  get isOver(): boolean {
    return this.#isOver;
  }
  end(): never {
    this.#isOver = true;
    this.#end();
    throw new Died();
  }
  check(): void {
    if (this.#isOver) throw new Died();
  }
}

/** A storage as one life of a process has it. @param next which transaction comes next, and how it ends. */
export function mortalStorage(storage: Storage, life: Life, next: () => CrashStep | undefined): Storage {
  return {
    ...storage,
    checkpoints: mortal(storage.checkpoints, life),
    parked: mortal(storage.parked, life),
    readModels: mortalModels(storage.readModels, life, next),
  };
}

/** Every call of a port rejects after the end of the life. */
const mortal = <Port extends object>(port: Port, life: Life, members: Partial<Port> = {}): Port =>
  through(port, (_, call) => (life.isOver ? Promise.reject(new Died()) : call()), members);

function mortalModels(models: ReadModels, life: Life, next: () => CrashStep | undefined): ReadModels {
  /** One transaction, in which the process may die. */
  const dying = async <T>(begin: (within: Within<T>) => Promise<T>): Promise<T> => {
    life.check();
    const crash = next();
    if (crash === 'unsent') life.end();
    const result = await begin(async (tx, work) => {
      const passed = (step: CrashStep): void => void (step === crash && life.end());
      passed('moved');
      const answer = await work(steppingTransaction(tx, life, passed));
      // A step that never came: there was nothing to read, or to write.
      if (crash !== undefined && crash !== 'unheard') life.end();
      life.check();
      return answer;
    });
    if (crash === 'unheard') life.end();
    return result;
  };
  const transaction: ReadModels['transaction'] = (claim, move, work) =>
    dying((within) => models.transaction(claim, move, (tx) => within(tx, work)));
  return mortal(models, life, {
    transaction,
    transactions: (parts) => Promise.allSettled(parts.map(({ claim, move, work }) => transaction(claim, move, work))),
    aside: (claim, from, notes, work) => dying((within) => models.aside(claim, from, notes, (tx) => within(tx, work))),
  });
}
type Within<T> = (tx: ModelTransaction, work: (tx: ModelTransaction) => Promise<T>) => Promise<T>;

const READS: readonly (string | symbol)[] = ['read', 'own', 'first'];
const PASSED_BY: readonly (string | symbol)[] = ['attempt', 'endAt', 'forgetAhead'];

function steppingTransaction(tx: ModelTransaction, life: Life, passed: (step: CrashStep) => void): ModelTransaction {
  const stepping = (name: string | symbol, call: () => unknown): unknown => {
    life.check();
    const answer = call();
    if (PASSED_BY.includes(name)) return answer;
    const step = READS.includes(name) ? 'read' : 'written';
    if (answer instanceof Promise) return answer.then((value: unknown) => (passed(step), value));
    passed(step);
    return answer;
  };
  return through(tx, stepping, { parked: through(tx.parked, stepping) });
}
