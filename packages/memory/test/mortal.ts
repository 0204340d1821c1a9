import type { Broker, Publisher, Storage } from '@leftfold/subscriptions';

/** The process that called is gone: nothing it calls has an effect any more. */
class Died extends Error {}

/**
 * A life that ends at one of its calls of a port: before the call has its effect, or after it had and before the answer came. Afterwards every
 * call fails without an effect, as those of a killed process do.
 */
export class Life {
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  #isOver = false;
  #callsLeft: number;
  readonly #isAfter: boolean;
  #end: () => void = () => {};

  constructor(calls: number, isAfter: boolean) {
    this.#callsLeft = calls;
    this.#isAfter = isAfter;
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  async call<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isOver) throw new Died('called after the end');
    this.#callsLeft -= 1;
    if (this.#callsLeft > 0) return work();
    if (this.#isAfter) await work().catch(() => {});
    this.#isOver = true;
    this.#end();
    throw new Died('the process was killed');
  }
}

/** A storage as a process with this life has it. Reading the log goes on: a dead process's reading has no effect. */
export function mortalStorage(storage: Storage, life: Life): Storage {
  const { store, log, checkpoints, milestones, readModels, withheld } = storage;
  return {
    description: storage.description,
    store: {
      read: (...args) => store.read(...args),
      append: (...args) => store.append(...args),
      reply: (...args) => store.reply(...args),
    },
    log: {
      name: log.name,
      ownership: log.ownership,
      lanes: log.lanes,
      ...(log.division && { division: log.division }),
      identity: () => life.call(() => log.identity()),
      run: (reader, signal) => log.run(reader, signal),
      head: () => log.head(),
      at: (time) => log.at(time),
      restore: (kept, signal) => life.call(() => log.restore(kept, signal)),
      hasPassed: (cursor, head) => log.hasPassed(cursor, head),
      behind: (places, options) => log.behind(places, options),
    },
    checkpoints: {
      claim: (...args) => life.call(() => checkpoints.claim(...args)),
      renew: (...args) => life.call(() => checkpoints.renew(...args)),
      save: (...args) => life.call(() => checkpoints.save(...args)),
      release: (...args) => life.call(() => checkpoints.release(...args)),
      leave: (...args) => life.call(() => checkpoints.leave(...args)),
      list: (...args) => checkpoints.list(...args),
    },
    withheld: {
      keys: (...args) => life.call(() => withheld.keys(...args)),
      withhold: (...args) => life.call(() => withheld.withhold(...args)),
      requested: (...args) => life.call(() => withheld.requested(...args)),
      settle: (...args) => life.call(() => withheld.settle(...args)),
      events: (...args) => life.call(() => withheld.events(...args)),
      list: (...args) => withheld.list(...args),
      request: (...args) => withheld.request(...args),
    },
    milestones: {
      write: (...args) => life.call(() => milestones.write(...args)),
      list: (...args) => milestones.list(...args),
      before: (...args) => milestones.before(...args),
      thin: (...args) => life.call(() => milestones.thin(...args)),
    },
    // What is noted beside the loop, and asked by whoever waits, is none of what these tests are about.
    versions: storage.versions,
    conditions: storage.conditions,
    progress: storage.progress,
    parked: calling(storage.parked, life),
    readModels: {
      transactions: (parts) => life.call(() => readModels.transactions(parts)),
      appliedAhead: (claim) => readModels.appliedAhead(claim),
      aside: (...of) => readModels.aside(...of),
      prepare: (table) => life.call(() => readModels.prepare(table)),
      transaction: (claim, move, work) =>
        life.call(() =>
          readModels.transaction(claim, move, (tx) =>
            work({
              read: (...args) => life.call(() => tx.read(...args)),
              write: (...args) => life.call(() => tx.write(...args)),
              own: (tables) => tx.own(tables),
              attempt: (part) => tx.attempt(part),
              endAt: (place) => life.call(() => tx.endAt(place)),
              forgetAhead: (notes) => tx.forgetAhead(notes),
              parked: calling(tx.parked, life),
            }),
          ),
        ),
      reader: (tables) => readModels.reader(tables),
    },
  };
}
/** All of a port's methods, as a process with this life calls them. */
function calling<T extends object>(port: T, life: Life): T {
  return new Proxy(port, {
    get: (target, name: keyof T & string) => {
      const method = target[name];
      if (typeof method !== 'function') return method;
      return (...args: readonly unknown[]) => life.call(() => method.apply(target, args) as Promise<unknown>);
    },
  });
}

/** A broker as a process with this life has it. */
export function mortalBroker(broker: Broker, life: Life): Broker {
  return {
    ...broker,
    publisher: async (): Promise<Publisher> => {
      const publisher = await broker.publisher();
      return {
        partitions: (topic) => life.call(() => publisher.partitions(topic)),
        publish: (...args) => life.call(() => publisher.publish(...args)),
        close: () => publisher.close(),
      };
    },
  };
}
