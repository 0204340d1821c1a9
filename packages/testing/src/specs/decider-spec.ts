import { AssertionError } from 'node:assert/strict';
import { eventTypesByName } from '@leftfold/core';
import type {
  AnyDecider,
  CodeOf,
  EventIn,
  EventSet,
  InputArgs,
  Json,
  NewEvent,
  ResultOf,
  StateOf,
  UniqueKey,
} from '@leftfold/core';
import { runDecision } from './decision-run.ts';
import type { Before, DecisionOutcome, Fixed } from './decision-run.ts';
import { expectEqual, fail } from './expect-equal.ts';
import { givenEvent } from './given-event.ts';
import type { AnyVersionOf } from './given-event.ts';

/** What a command must have come to. Each check throws an `AssertionError` that shows the difference. */
export interface Then<A extends AnyDecider, R> {
  /** Exactly these events, in order, deeply equal. */
  then(...events: readonly EventIn<A['events']>[]): this;
  /** No event: there was nothing to do. */
  thenNothing(): this;
  /** Refused with this code; and with exactly these details, if they are given. */
  thenRefused(code: CodeOf<A>, details?: { readonly [name: string]: Json }): void;
  /** Exactly these unique keys were taken, in any order. */
  thenReserved(...keys: readonly UniqueKey[]): this;
  /** Exactly these unique keys were given back, in any order. */
  thenReleased(...keys: readonly UniqueKey[]): this;
  /** Answered with exactly this. */
  thenResult(result: R): this;
  /** The state afterwards has at least these members. */
  thenState(state: Partial<StateOf<A>>): this;
}
/** A history, and what can be commanded on it. */
export interface Given<A extends AnyDecider> {
  /** One method per decision, with its input; runs it at once. */
  readonly when: {
    readonly [C in keyof A['decisions']]: (
      ...input: InputArgs<A['decisions'][C]>
    ) => Then<A, ResultOf<A['decisions'][C]>>;
  };
  /** The same history with more events after it, each in any version that was ever released. */
  given(...events: readonly AnyVersionOf<A['events'][keyof A['events']]>[]): Given<A>;
  /** The same, where another stream holds this unique key: a decision that reserves it is refused as it says. */
  taken(...key: UniqueKey): Given<A>;
}

/**
 * Given events, when a command, then events, a refusal, an answer:
 *
 * ```ts
 * deciderSpec(order, { id }).given(placed, paid).when.ship({ carrier: 'DHL' }).then(shipped);
 * ```
 *
 * Needs no store; throws plain assertion errors under any runner. Given events go through their stored form and the upcasters, as in production. The
 * decision runs twice and must decide the same; what it decides must fit its schemas; neither it nor the fold may change a state in place. All that is
 * checked by `when`.
 *
 * @param fixed what decisions see: `id` (default `'spec'`), `now` (1970), `roles` (none). Ids they draw are `00000000-0000-7000-8000-000000000001` and so on.
 */
export function deciderSpec<A extends AnyDecider>(decider: A, fixed: Fixed = {}): Given<A> {
  const types = eventTypesByName(Object.values(decider.events as EventSet));
  const specOf = (history: readonly NewEvent[], taken: readonly UniqueKey[]): Given<A> => {
    const before: Before = { events: () => history.map((event) => givenEvent(types, event).latest), taken };
    const commands = Object.keys(decider.decisions as object).map((command) => [
      command,
      (input?: unknown) => thenOf(command, runDecision(decider, command, before, input, fixed)),
    ]);
    return {
      when: Object.fromEntries(commands) as Given<A>['when'],
      given: (...events) => {
        const more = events as readonly NewEvent[];
        for (const event of more) givenEvent(types, event);
        return specOf([...history, ...more], taken);
      },
      taken: (...key) => specOf(history, [...taken, key]),
    };
  };
  return specOf([], []);
}

function thenOf<A extends AnyDecider>(command: string, outcome: DecisionOutcome): Then<A, unknown> {
  const decided = () =>
    'refusal' in outcome
      ? fail(`'${command}' was refused with ${outcome.refusal.code}: ${outcome.refusal.message}`)
      : outcome;
  const self: Then<A, unknown> = {
    then: (...events) => {
      // A test that returns or awaits the spec has JavaScript call this with its own two functions.
      if (typeof events[0] === 'function') (events[0] as unknown as () => void)();
      else expectEqual(decided().events, events, `'${command}' decided other events`);
      return self;
    },
    thenNothing: () => {
      expectEqual(decided().events, [], `'${command}' decided events where none were expected`);
      return self;
    },
    thenRefused: (code, details) => {
      if (!('refusal' in outcome)) {
        const types = outcome.events.map(({ type }) => type).join(', ') || 'nothing';
        throw new AssertionError({
          message: `'${command}' was to be refused with ${code}, but decided ${types}`,
          actual: outcome.events,
          expected: code,
        });
      }
      const { refusal } = outcome;
      expectEqual(refusal.code, code, `'${command}' was refused with another code (${refusal.message})`);
      if (details) expectEqual(refusal.details, details, `'${command}' was refused with ${code}, but other details`);
    },
    thenReserved: (...keys) => {
      expectEqual(sorted(decided().reserved), sorted(keys), `'${command}' took other unique keys`);
      return self;
    },
    thenReleased: (...keys) => {
      expectEqual(sorted(decided().released), sorted(keys), `'${command}' gave back other unique keys`);
      return self;
    },
    thenResult: (result) => {
      expectEqual(decided().result, result, `'${command}' gave another answer`);
      return self;
    },
    thenState: (state) => {
      const { stateAfter } = decided();
      const members = Object.keys(state).map((name) => [name, (stateAfter as Record<string, unknown> | null)?.[name]]);
      expectEqual(Object.fromEntries(members), { ...state }, `'${command}' left another state`);
      return self;
    },
  };
  return self;
}

const sorted = (keys: readonly UniqueKey[]): readonly UniqueKey[] =>
  keys
    .map(([name, value]): UniqueKey => [name, value])
    .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
