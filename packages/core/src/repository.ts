import type {
  AnyAggregate,
  AnyDecider,
  AggregateRef,
  CodeOf,
  Decided,
  Deciding,
  EventIn,
  InputArgs,
  ResultOf,
  Root,
  RootClass,
  StateOf,
} from './aggregate.ts';
import type { AnyEventType, NewEvent, RecordedEvent } from './event.ts';
import type { EventStore, TransactionalEventStore } from './event-store.ts';
import type { Abort, Metadata, ReadToken, StreamVersion } from './message.ts';
import type { Json } from './schema.ts';

/** Per call. All optional: in Nest they come from the request's context. */
export interface CommandOptions {
  /**
   * The same key with the same input gives the stored answer and records nothing. Another input with that key is refused (`LF_IDEMPOTENCY_KEY_REUSED`).
   * Scope: (tenant, aggregate, command; in Nest also the ordinal of the call within the request), not the id: a repeated "place" that draws a new id must still find the first answer. Kept 24 h by default.
   */
  readonly idempotencyKey?: string;
  readonly metadata?: Partial<Metadata>;
  readonly roles?: readonly string[];
  /** Refuse unless the stream stands exactly here (an ETag). Such a command is not retried on conflict. */
  readonly expect?: StreamVersion;
  readonly signal?: Abort;
}
/** What a command left behind. */
export interface Receipt<out R> {
  readonly result: R;
  readonly version: StreamVersion;
  /** Give it to a query to read your own write, in any process. */
  readonly token: ReadToken;
  /** True when an earlier call with the same idempotency key did the work. */
  readonly replayed: boolean;
}
export interface Loaded<out S> {
  readonly state: S;
  readonly version: StreamVersion;
}

interface Common<A extends AnyAggregate> {
  /** The state now. Absent streams give the initial state at version 0. */
  load(id: string, options?: { readonly signal?: Abort }): Promise<Loaded<StateOf<A>>>;
  /** The stream, upcast, in version order. */
  history(id: string, options?: { readonly signal?: Abort }): AsyncIterable<RecordedEvent & EventIn<A['events']>>;
  readonly aggregate: A;
}
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
export type Repository<A> =
  A extends RootClass<infer G, infer I extends Root<any>>
    ? RootRepository<G, I>
    : A extends AnyDecider
      ? DeciderRepository<A>
      : never;

export interface RepositoryOptions {
  /** Attempts on conflict, 1 to 20. Default 3, with jitter. */
  readonly attempts?: number;
  readonly metadata?: () => Metadata;
}
/** Binds an aggregate to a store. Cheap and stateless: `repository(order, store.within(trx))` works inside your own transaction. */
export declare function repository<A extends AnyDecider | RootClass<any, any>>(
  aggregate: A,
  store: EventStore,
  options?: RepositoryOptions,
): Repository<A>;

/**
 * One decision over several entities, appended in one transaction with every version checked; all are loaded again on conflict. Takes no unique keys.
 * The events come back under the same names as the entities; an event of the wrong aggregate does not compile.
 */
export declare function decideAcross<const R extends { readonly [name: string]: AggregateRef<AnyAggregate> }>(
  store: EventStore,
  entities: R,
  decide: (
    states: { readonly [K in keyof R]: StateOf<R[K]['aggregate']> },
    deciding: Omit<Deciding, 'id'>,
  ) => { readonly [K in keyof R]?: readonly EventIn<R[K]['aggregate']['events']>[] },
  options?: CommandOptions,
): Promise<{ readonly token: ReadToken }>;

/** Puts plain messages into the same log: an integration event of a CRUD service, in its transaction if `store` is `within` one. Ordered per stream; the category gives the topic. */
export declare function publish(
  store: EventStore,
  stream: { readonly category: string; readonly key: string; readonly tenant?: string },
  ...messages: readonly NewEvent[]
): Promise<{ readonly token: ReadToken }>;

/** Several definitions as one list, for tools: schema checks, AsyncAPI, golden files. Duplicate names fail here. Not needed at run time. */
export declare function catalogue(...entries: readonly (AnyEventType | AnyAggregate)[]): Catalogue;
export interface Catalogue {
  readonly events: readonly AnyEventType[];
}
export type { TransactionalEventStore };
