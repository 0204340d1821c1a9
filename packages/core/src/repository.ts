import type { AnyAggregate, AnyDecider, CodeOf, EventIn, StateOf } from './aggregate.ts';
import type { AnyRootClass, Root, RootClass } from './aggregate-root.ts';
import type { CommandOptions, Receipt, RepositoryOptions } from './command-options.ts';
import type { Decided, Deciding, InputArgs, ResultOf } from './deciding.ts';
import type { EventStore } from './event-store.ts';
import type { Common } from './load-aggregate.ts';
import { REBIND } from './rebind.ts';
import { bindDecider } from './repository-of-decider.ts';
import { bindRoot } from './repository-of-root.ts';
import type { Json } from './schema/schema.ts';

/** One method per decision: `orders.place(orderId, input, options?)`: load, decide, append, retry on conflict. */
export type DeciderRepository<A extends AnyDecider> = Common<A> & {
  readonly [K in keyof A['decisions']]: (
    id: string,
    ...args: [...InputArgs<A['decisions'][K]>, options?: CommandOptions]
  ) => Promise<Receipt<ResultOf<A['decisions'][K]>>>;
} & {
  /** The write loop with a decision of your own. */
  transact<D extends Decided<EventIn<A['events']>, CodeOf<A>>>(
    id: string,
    decide: (state: StateOf<A>, deciding: Deciding<CodeOf<A>>) => D,
    options?: CommandOptions,
  ): Promise<Receipt<D extends { readonly result: infer R } ? R : undefined>>;
};
/** For class aggregates: `orders.transact(id, (order) => order.ship(carrier))`. There is no `save`: a saved object cannot be decided again on conflict. */
export interface RootRepository<A extends AnyAggregate, I> extends Common<A> {
  transact<R extends Json | void>(id: string, work: (root: I) => R, options?: CommandOptions): Promise<Receipt<R>>;
}
/** The repository of a decider or of a root class. */
export type Repository<A> =
  A extends RootClass<infer G, infer I> ? RootRepository<G, I> : A extends AnyDecider ? DeciderRepository<A> : never;

/**
 * Binds an aggregate to a store. Cheap, and stateless but for the cache: `repository(order, store.within(tx))` works inside your own transaction.
 *
 * Commands of one stream queue up within the process; what comes between from another process is a conflict, after which the stream is loaded and the
 * decision made again. Payloads are checked before anything is sent to the store.
 *
 * Its methods reject with what the decision throws ({@link Refusal}), `LF_EVENT_INVALID`, `LF_CONCURRENCY_EXHAUSTED`, `LF_CONFLICT`, `LF_IDEMPOTENCY_KEY_REUSED`,
 * `LF_NEWER_EVENT` and the faults of {@link EventStore}.
 *
 * @throws {@link DefinitionError} `LF_OPTION_OUT_OF_RANGE`
 */
export function repository<A extends AnyDecider | AnyRootClass>(
  aggregate: A,
  store: EventStore,
  options: RepositoryOptions = {},
): Repository<A> {
  const bound =
    'decisions' in aggregate
      ? bindDecider(aggregate, store, options)
      : bindRoot(aggregate as RootClass<AnyAggregate, Root<AnyAggregate>>, store, options);
  const rebound = (change: (store: EventStore) => EventStore): Repository<A> =>
    repository(aggregate, change(store), options);
  return Object.freeze(Object.defineProperty({ ...bound }, REBIND, { value: rebound })) as Repository<A>;
}
