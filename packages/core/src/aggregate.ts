import type { Decided, Deciding } from './deciding.ts';
import { DefinitionError } from './errors.ts';
import type { AnyEventType, EventOf } from './event.ts';
import { isEventType } from './event-version.ts';
import type { StreamRef } from './message.ts';
import { snapshotDefinition, type SnapshotDefinition, type SnapshotOptions } from './snapshot-definition.ts';
import { streamRef } from './stream-id.ts';

/** The events of an aggregate under the names its code uses. Renaming a key is free; wire names stand in the event types. */
export type EventSet = { readonly [alias: string]: AnyEventType };
/** Any event of a set. */
export type EventIn<E extends EventSet> = { [K in keyof E]: EventOf<E[K]> }[keyof E];
/** Refusal codes with the sentence people read. `{placeholders}` are filled from the details. */
export type RefusalTable = { readonly [code: string]: string };

/**
 * The fold: which events there are, the state before the first, and what each does to it. The only replay path: deciders, class
 * aggregates, snapshots and specs all go through it.
 *
 * States are values: `evolve` answers with a new one and leaves the one it was given as it was, and nobody else changes one. Snapshots and caches rest on it: a
 * state that is changed in place is what later commands find there. Nothing checks that while the program runs; `deciderSpec` does.
 */
export interface Aggregate<out Category extends string, E extends EventSet, State, Code extends string = never> {
  readonly category: Category;
  readonly events: E;
  readonly refusals: { readonly [C in Code]: string };
  /** Absent where the aggregate declares no snapshots. */
  readonly snapshot?: SnapshotDefinition;
  initial(): State;
  /** The state after one more event. @throws {@link DefinitionError} `LF_EVENT_FOREIGN` for an event of another aggregate. */
  evolve(state: State, event: EventIn<E>): State;
  fold(events: Iterable<EventIn<E>>, from?: State): State;
  /** The stream of one entity. @throws `LF_STREAM_ID_INVALID`, `LF_TENANT_INVALID` */
  stream(id: string, tenant?: string): StreamRef;
  /** One entity, for a decision over several: {@link decideAcross}. */
  ref(id: string): AggregateRef<this>;
  /**
   * Adds decisions, one per command: `(state, input, { now, refuse }) => events`. Returns a decider; the aggregate itself stays as it is.
   * Annotate `input`: it is where the command's type comes from. Left out it is `never`, so it cannot be read unchecked.
   * @throws {@link DefinitionError} `LF_DECISION_NAME_RESERVED`
   */
  decide<D extends Decisions<E, State, Code>>(
    decisions: D & {
      readonly [K in ReservedName]?: `'${K}' is a method of every repository; name the decision otherwise`;
    },
  ): Decider<Category, E, State, Code, D>;
}

/** Decisions by command. */
export type Decisions<E extends EventSet, State, Code extends string> = {
  readonly [command: string]: (state: State, input: never, deciding: Deciding<Code>) => Decided<EventIn<E>, Code>;
};
const RESERVED_NAMES = ['load', 'transact', 'history', 'aggregate'] as const;
/** Names a repository needs for itself. */
export type ReservedName = (typeof RESERVED_NAMES)[number];

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
}
/** Any decider. */
export type AnyDecider = Decider<string, any, any, any, any> | Decider<string, any, any, never, any>;

/** What completes an aggregate. */
export interface Evolving<Category extends string, E extends EventSet, State, Code extends string> {
  /** What each event does to the state: one entry per event, no more, no less. It gets the latest payload and nothing else: what the state needs must be in the event. */
  evolve(evolve: { readonly [K in keyof E]: (state: State, data: EventOf<E[K]>['data']) => State }): Aggregate<
    Category,
    E,
    State,
    Code
  >;
}

/** What an aggregate is made of, before its fold. */
export interface AggregateSpec<E extends EventSet, State, R extends RefusalTable> {
  readonly events: E;
  /** The state before the first event. Its return type is the state's type. */
  readonly initial: () => State;
  readonly refusals?: R;
  /** Default: none; every load reads the whole stream. */
  readonly snapshot?: SnapshotOptions<State>;
}

/**
 * Defines an aggregate; read on: `.evolve({…})` completes the fold, `.decide({…})` adds behaviour. Each step fixes a type for the next, so
 * nothing is ever annotated twice: `initial`'s return type is the state's type.
 *
 * Source: the decider of Jérémie Chassaing ("Functional Event Sourcing Decider", 2021).
 *
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` when an entry of `events` is no event type
 * @throws {@link DefinitionError} `LF_EVENT_NAME_DUPLICATE` when two entries of `events` have one wire name, of today or of before a rename
 * @throws {@link DefinitionError} `LF_EVENT_UNFOLDED` from `evolve`, when an event has no entry
 * @throws {@link DefinitionError} `LF_SNAPSHOT_INVALID` when `snapshot.every` or `snapshot.version` is out of bounds
 */
export function aggregate<
  const Category extends string,
  const E extends EventSet,
  State,
  const R extends RefusalTable = {},
>(category: Category, spec: AggregateSpec<E, State, R>): Evolving<Category, E, State, keyof R & string> {
  const keys = keysByName(category, spec.events);
  const snapshot = spec.snapshot && snapshotDefinition(category, spec.snapshot, Object.values(spec.events));
  return {
    evolve(handlers) {
      refuseUnfolded(category, spec.events, handlers);
      const evolve = (state: State, event: EventIn<E>): State => {
        const key = keys.get(event.type);
        if (key === undefined) throw foreign(category, event.type);
        return handlers[key as keyof E](state, event.data as EventOf<E[keyof E]>['data']);
      };
      const self: Aggregate<Category, E, State, keyof R & string> = {
        category,
        events: spec.events,
        refusals: (spec.refusals ?? {}) as { readonly [C in keyof R & string]: string },
        ...(snapshot && { snapshot }),
        initial: spec.initial,
        evolve,
        fold: (events, from = spec.initial()) => {
          let state = from;
          for (const event of events) state = evolve(state, event);
          return state;
        },
        stream: (id, tenant) => streamRef(category, id, tenant),
        ref(id) {
          return { aggregate: this, id };
        },
        decide: (decisions) => decider(self, decisions),
      };
      return Object.freeze(self);
    },
  };
}

function decider<Category extends string, E extends EventSet, State, Code extends string, D extends object>(
  aggregate: Aggregate<Category, E, State, Code>,
  decisions: D,
): Decider<Category, E, State, Code, D> {
  for (const name of RESERVED_NAMES) {
    if (Object.hasOwn(decisions, name)) {
      throw new DefinitionError(
        'LF_DECISION_NAME_RESERVED',
        `${aggregate.category}: '${name}' is a method of every repository; name the decision otherwise`,
      );
    }
  }
  return Object.freeze({ ...aggregate, decisions } as Decider<Category, E, State, Code, D>);
}

/** The entry of each event, by the names it may have: its own, and those from before it was renamed. */
function keysByName(category: string, events: EventSet): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const [key, type] of Object.entries(events)) {
    if (!isEventType(type)) {
      throw new DefinitionError(
        'LF_SCHEMA_INVALID',
        `${category}: the event '${key}' is no event type; if it is undefined, two files import each other`,
      );
    }
    for (const name of [type.type, ...type.aliases]) {
      const other = keys.get(name);
      if (other !== undefined) {
        throw new DefinitionError(
          'LF_EVENT_NAME_DUPLICATE',
          `${category}: the events '${other}' and '${key}' are both named ${name}, now or before they were renamed; give each type a name of its own`,
        );
      }
      keys.set(name, key);
    }
  }
  return keys;
}

/** TypeScript says so first; where it was not asked, the event would be stored before anybody sees that no load can fold it. */
function refuseUnfolded(category: string, events: EventSet, handlers: object): void {
  const key = Object.keys(events).find((one) => typeof (handlers as { [key: string]: unknown })[one] !== 'function');
  if (key === undefined) return;
  throw new DefinitionError(
    'LF_EVENT_UNFOLDED',
    `${category}: \`evolve\` has no entry for the event '${key}'; say what it does to the state, under the key that it has in \`events\``,
  );
}

/** The error for an event that an aggregate does not have. */
export function foreign(category: string, type: string): DefinitionError {
  return new DefinitionError(
    'LF_EVENT_FOREIGN',
    `${type} is not an event of ${category}; add it to the aggregate's events`,
  );
}

/** Any aggregate. The second member is for those without refusals: `any` is assignable to everything but `never`. */
export type AnyAggregate = Aggregate<string, any, any, any> | Aggregate<string, any, any, never>;
/** The state of an aggregate. */
export type StateOf<A extends AnyAggregate> = ReturnType<A['initial']>;
/** The refusal codes of an aggregate. */
export type CodeOf<A extends AnyAggregate> = keyof A['refusals'] & string;
