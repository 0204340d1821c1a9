import type { Checkpoints, Storage } from '@leftfold/subscriptions';

/** The same storage as another process has it: followers of one process share the statement that renews their leases, others know nothing of each other. */
export function anotherProcess<S extends Storage>(storage: S): S {
  return through(storage, (call) => call());
}

/** A process that can be stopped in its tracks, and killed. */
export interface FrailProcess<S extends Storage> {
  readonly storage: S;
  /** Its calls wait, as those of a process under SIGSTOP. */
  freeze(): void;
  wake(): void;
  /** Its calls have no effect any more. */
  readonly kill: () => void;
}
export function frailProcess<S extends Storage>(storage: S): FrailProcess<S> {
  let isDead = false;
  let frozen: { readonly until: Promise<void>; readonly end: () => void } | undefined;
  return {
    storage: through(storage, async (call) => {
      await frozen?.until;
      if (isDead) throw new Error('the process was killed');
      return call();
    }),
    freeze: () => {
      const { promise: until, resolve: end } = Promise.withResolvers<void>();
      frozen ??= { until, end };
    },
    wake: () => {
      frozen?.end();
      frozen = undefined;
    },
    kill: () => {
      isDead = true;
      frozen?.end();
    },
  };
}

function through<S extends Storage>(storage: S, send: <T>(call: () => Promise<T>) => Promise<T>): S {
  const { checkpoints: of } = storage;
  const checkpoints: Checkpoints = {
    claim: (...args) => send(() => of.claim(...args)),
    renew: (...args) => send(() => of.renew(...args)),
    save: (...args) => send(() => of.save(...args)),
    release: (...args) => send(() => of.release(...args)),
    leave: (...args) => send(() => of.leave(...args)),
    list: (...args) => send(() => of.list(...args)),
  };
  return { ...storage, checkpoints };
}
