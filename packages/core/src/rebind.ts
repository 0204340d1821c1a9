import type { EventStore } from './event-store.ts';

/**
 * Where a repository says how to be bound to another store: for adapters that run one inside a transaction of the caller's. A registered symbol, so that two
 * copies of this package in one program mean the same.
 */
export const REBIND: unique symbol = Symbol.for('leftfold.rebind');

/** What repositories have under {@link REBIND}, beside what they show. */
export interface Rebindable<T> {
  /** The same aggregate and options on another store. Keeps nothing of the one before: no cached state of it is seen there. */
  [REBIND](change: (store: EventStore) => EventStore): T;
}
