import type { AnyAggregate, CodeOf, EventIn, StateOf } from './aggregate.ts';
import { refuserOf } from './deciding.ts';
import type { Deciding, Decision } from './deciding.ts';
import type { Refusal } from './errors.ts';
import type { UniqueKey } from './event-store.ts';
import type { Json } from './schema/schema.ts';

type Recorded<A extends AnyAggregate> = Required<Omit<Decision<EventIn<A['events']>>, 'result'>>;

// The repository's way in, kept off the class so that domain code does not see it.
let recorded: <A extends AnyAggregate>(root: Root<A>) => Recorded<A>;

/** What a method of a root does with unique keys. They change hands in the transaction of its events. */
export interface RootKeys<Code extends string> {
  /** Takes a key. @param taken thrown by the command when another stream holds it. */
  reserve(name: string, value: string, taken: Refusal<Code>): void;
  /** Gives a key back, before any is taken. */
  release(name: string, value: string): void;
}

/** What a class aggregate inherits. `record` folds at once, so later lines of the same method see the new state. */
export abstract class Root<A extends AnyAggregate> {
  readonly id: string;
  readonly #aggregate: A;
  readonly #deciding: Deciding;
  readonly #events: EventIn<A['events']>[] = [];
  readonly #reserve: (readonly [string, string, Refusal])[] = [];
  readonly #release: UniqueKey[] = [];
  #state: StateOf<A>;

  constructor(aggregate: A, id: string, state: StateOf<A>, deciding: Deciding) {
    this.id = id;
    this.#aggregate = aggregate;
    this.#state = state;
    this.#deciding = deciding;
  }

  /** The folded state. Read-only; it changes through `record` alone. */
  protected get state(): StateOf<A> {
    return this.#state;
  }
  /** Taken once per command. */
  protected get now(): Date {
    return this.#deciding.now;
  }
  /** Records events and folds them into {@link state}. They are appended when the method has returned. */
  protected record(...events: readonly EventIn<A['events']>[]): void {
    for (const event of events) {
      this.#state = this.#aggregate.evolve(this.#state, event) as StateOf<A>;
      this.#events.push(event);
    }
  }
  /** Unique keys beyond the stream, as {@link Decision.reserve} has them. */
  protected readonly keys: RootKeys<CodeOf<A>> = {
    reserve: (name, value, taken) => void this.#reserve.push([name, value, taken]),
    release: (name, value) => void this.#release.push([name, value]),
  };
  /** Makes the refusal to throw. */
  protected refuse(code: CodeOf<A>, details?: { readonly [name: string]: Json }): Refusal<CodeOf<A>> {
    return refuserOf(this.#aggregate)(code, details) as Refusal<CodeOf<A>>;
  }
  static {
    recorded = (root) => ({ events: root.#events, reserve: root.#reserve, release: root.#release });
  }
}

/** What a root has recorded, in order, and the keys it takes and gives back. For repositories. */
export const recordedBy = <A extends AnyAggregate>(root: Root<A>): Recorded<A> => recorded(root);

/** A class whose instances are roots of an aggregate. */
export interface RootClass<A extends AnyAggregate, I = Root<A>> {
  readonly aggregate: A;
  new (id: string, state: StateOf<A>, deciding: Deciding): I;
}

/** Any root class. */
export type AnyRootClass = RootClass<AnyAggregate, unknown>;

/** The base class for a class-style aggregate: `class Order extends aggregateRoot(orderFold) { … }`. No decorators, no second replay path. */
export function aggregateRoot<A extends AnyAggregate>(aggregate: A): RootClass<A> {
  return class extends Root<A> {
    static readonly aggregate = aggregate;
    constructor(id: string, state: StateOf<A>, deciding: Deciding) {
      super(aggregate, id, state, deciding);
    }
  };
}
