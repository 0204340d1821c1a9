import type { AnyEventType, EventOf } from './event.ts';
import type { Metadata, StreamRef } from './message.ts';
import type { Json, Mark, Schema } from './schema.ts';
import type { Refusal } from './errors.ts';

/** The events of an aggregate under the names its code uses. Renaming a key is free; wire names stand in the event types. */
export type EventSet = { readonly [alias: string]: AnyEventType };
/** Any event of a set. */
export type EventIn<E extends EventSet> = { [K in keyof E]: EventOf<E[K]> }[keyof E];
/** Refusal codes with the sentence people read. `{placeholders}` are filled from the details. */
export type RefusalTable = { readonly [code: string]: string };

/** What a decision may use besides state and input. Everything impure is here, so a decision is a pure function and can be run again on conflict. */
export interface Deciding<Code extends string = string> {
  /** The entity's id: the key of the stream. */
  readonly id: string;
  /** Taken once per command; the same in every attempt. */
  readonly now: Date;
  /** UUIDv7; the same sequence in every attempt. */
  readonly uuid: () => string;
  readonly metadata: Metadata;
  /** Of the caller; in Nest from `identify`. Not stored. */
  readonly roles: readonly string[];
  /** Makes the refusal to throw: `throw refuse('ORDER_SHIPPED')`. Only the aggregate's own codes compile. */
  readonly refuse: (code: Code, details?: { readonly [name: string]: Json }) => Refusal<Code>;
}

/** Events to record, with what goes along in their transaction. */
export interface Decision<out E, out Code extends string = string> {
  readonly events: readonly E[];
  /** An answer for the caller. Stored with the idempotency key, hence JSON. */
  readonly result?: Json;
  /** Unique keys to take, each with the refusal to throw when another stream holds it: `reserve: [['email', email, refuse('EMAIL_TAKEN')]]`. */
  readonly reserve?: readonly (readonly [...UniqueKey, taken: Refusal<Code>])[];
  /** Unique keys to give back. */
  readonly release?: readonly UniqueKey[];
}
/** Events, or events with more. No events is a success: there was nothing to do. */
export type Decided<E, Code extends string = string> = readonly E[] | Decision<E, Code>;

/**
 * The fold: which events there are, the state before the first, and what each does to it. The only replay path: deciders, class
 * aggregates, snapshots, specs and rebuilds all go through it.
 */
export interface Aggregate<out Category extends string, E extends EventSet, State, Code extends string = never> {
  readonly category: Category;
  readonly events: E;
  readonly refusals: { readonly [C in Code]: string };
  initial(): State;
  evolve(state: State, event: EventIn<E>): State;
  fold(events: Iterable<EventIn<E>>, from?: State): State;
  /** The stream of one entity. */
  stream(id: string, tenant?: string): StreamRef;
  /** One entity, for decisions over several (see `decideAcross`). */
  ref(id: string): AggregateRef<this>;
  /**
   * Adds decisions, one per command: `(state, input, { now, refuse }) => events`. Returns a decider; the aggregate itself stays as it is.
   * Annotate `input`: it is where the command's type comes from. Left out it is `never`, so it cannot be read unchecked.
   */
  decide<
    D extends {
      readonly [command: string]: (state: State, input: never, deciding: Deciding<Code>) => Decided<EventIn<E>, Code>;
    },
  >(
    decisions: D & {
      readonly [K in ReservedName]?: `'${K}' is a method of every repository; name the decision otherwise`;
    },
  ): Decider<Category, E, State, Code, D>;
}
/** Names a repository needs for itself. */
export type ReservedName = 'load' | 'transact' | 'history' | 'aggregate';

/** One entity of an aggregate. */
export interface AggregateRef<out A> {
  readonly aggregate: A;
  readonly id: string;
}

/** An aggregate with its decisions. */
export interface Decider<
  out Category extends string,
  E extends EventSet,
  State,
  Code extends string,
  D,
> extends Aggregate<Category, E, State, Code> {
  /** The decisions themselves: pure functions, callable in tests and inside other decisions. */
  readonly decisions: D;
  /** Commands as values, for process managers and queues: `order.commands.cancel(orderId, { reason })`. */
  readonly commands: {
    readonly [K in keyof D]: (id: string, ...input: InputArgs<D[K]>) => CommandMessage<Category, K & string>;
  };
}
/** A command on its way to its aggregate. */
export interface CommandMessage<out Category extends string = string, out Name extends string = string> {
  readonly category: Category;
  readonly command: Name;
  readonly id: string;
  readonly input: unknown;
}

/** `[input]`, or nothing for a decision that takes none. */
export type InputArgs<F> = F extends (...args: infer P) => unknown
  ? P extends [any, infer I, ...any[]]
    ? [I] extends [never]
      ? []
      : [input: I]
    : []
  : never;
/** The answer of a decision; `undefined` when it only returns events. */
export type ResultOf<F> = F extends (...args: any) => infer R
  ? [Extract<R, { readonly result: unknown }>] extends [never]
    ? undefined
    : Extract<R, { readonly result: unknown }>['result']
  : never;

/**
 * Defines an aggregate; read on: `.evolve({…})` completes the fold, `.decide({…})` adds behaviour. Each step fixes a type for the next, so
 * nothing is ever annotated twice: `initial`'s return type is the state's type.
 * @throws {@link DefinitionError} `LF_EVENT_NAME_DUPLICATE`
 */
export declare function aggregate<
  const Category extends string,
  const E extends EventSet,
  State,
  const R extends RefusalTable = {},
>(
  category: Category,
  spec: {
    readonly events: E;
    /** The state before the first event. */
    readonly initial: () => State;
    readonly refusals?: R;
    /**
     * Snapshot every n events (default: none). `state` is how it is stored. Keyed by `version`, the schema of the state and those of the events;
     * a changed fold needs a new `version`: a spec folds the golden events and compares with a committed hash.
     */
    readonly snapshot?: {
      readonly every: number;
      readonly version: number;
      readonly state: Schema<NoInfer<State>, Mark>;
    };
  },
): {
  /** What each event does to the state: one entry per event, no more, no less. It gets the latest payload and nothing else: what the state needs must be in the event. */
  evolve(evolve: { readonly [K in keyof E]: (state: State, data: EventOf<E[K]>['data']) => State }): Aggregate<
    Category,
    E,
    State,
    keyof R & string
  >;
};

/** Any aggregate. The second member is for those without refusals: `any` is assignable to everything but `never`. */
export type AnyAggregate = Aggregate<string, any, any, any> | Aggregate<string, any, any, never>;
/** Any decider. */
export type AnyDecider = Decider<string, any, any, any, any> | Decider<string, any, any, never, any>;
export type StateOf<A extends AnyAggregate> = ReturnType<A['initial']>;
export type CodeOf<A extends AnyAggregate> = keyof A['refusals'] & string;

// ---- class style: behaviour on a class, state and replay from the same fold ----

/** What a class aggregate inherits. `record` folds at once, so later lines of the same method see the new state. */
export declare abstract class Root<A extends AnyAggregate> {
  readonly id: string;
  /** The folded state. Read-only; it changes through `record` alone. */
  protected get state(): StateOf<A>;
  protected get now(): Date;
  protected record(...events: readonly EventIn<A['events']>[]): void;
  /** Unique keys, in the transaction of the events. */
  protected readonly keys: {
    reserve(name: string, value: string, taken: Refusal<CodeOf<A>>): void;
    release(name: string, value: string): void;
  };
  protected refuse(code: CodeOf<A>, details?: { readonly [name: string]: Json }): Refusal<CodeOf<A>>;
}
export interface RootClass<A extends AnyAggregate, I = Root<A>> {
  readonly aggregate: A;
  new (id: string, state: StateOf<A>, deciding: Deciding): I;
}
/** The base class for a class-style aggregate: `class Order extends aggregateRoot(orderFold) { … }`. No decorators, no second replay path. */
export declare function aggregateRoot<A extends AnyAggregate>(aggregate: A): RootClass<A>;
