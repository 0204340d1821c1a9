import { decisionOf, decodeStored, encodeEvent, isRefusal, LeftfoldError, refuserOf } from '@leftfold/core';
import type {
  AnyDecider,
  Decided,
  Deciding,
  EventId,
  EventSet,
  Json,
  NewEvent,
  Refusal,
  UniqueKey,
} from '@leftfold/core';
import { checkKeys } from './checked-keys.ts';
import { expectEqual, fail } from './expect-equal.ts';
import { foldPurely } from './fold-purely.ts';

/** What one command came to. */
export type DecisionOutcome =
  | { readonly refusal: Refusal }
  | {
      readonly events: readonly NewEvent[];
      readonly result: Json | undefined;
      readonly reserved: readonly UniqueKey[];
      readonly released: readonly UniqueKey[];
      readonly stateAfter: unknown;
    };

/** What went before a command. */
export interface Before {
  /** The events, in latest form; read anew at each call, so that what one run does to a payload does not help the next. */
  readonly events: () => readonly NewEvent[];
  /** Unique keys that other streams hold. */
  readonly taken: readonly UniqueKey[];
}

/** What a decision is given besides state and input, fixed for a spec. */
export type Fixed = Partial<Pick<Deciding, 'id' | 'now' | 'roles'>>;

type Decide = (state: unknown, input: unknown, deciding: Deciding) => Decided<NewEvent>;

/**
 * Decides one command on the state of what went before. Runs the decision twice, as a conflict would, and holds it and the fold to what production rests
 * on: same outcome, untouched states, events, keys and answer that can be stored.
 * @throws `AssertionError` when one of these does not hold; whatever the decision throws that is no refusal
 */
export function runDecision(
  decider: AnyDecider,
  command: string,
  { events, taken }: Before,
  input: unknown,
  fixed: Fixed,
): DecisionOutcome {
  const attempt = (): DecisionOutcome => {
    const state = foldPurely(decider, events);
    const outcome = decideOnce(decider, command, state, input, fixed, taken);
    expectEqual(
      state,
      decider.fold(events() as never),
      `'${command}' changed the state it was given; a decision only reads it`,
    );
    return outcome;
  };
  const first = attempt();
  expectEqual(
    comparable(attempt()),
    comparable(first),
    `'${command}' decided differently when it ran again, as it does after a conflict; take time, ids and chance from its third argument`,
  );
  return first;
}

function decideOnce(
  decider: AnyDecider,
  command: string,
  state: unknown,
  input: unknown,
  fixed: Fixed,
  taken: readonly UniqueKey[],
): DecisionOutcome {
  const decisions = decider.decisions as Readonly<Record<string, Decide>>;
  const decide = decisions[command] as Decide;
  try {
    const decision = decisionOf(decide(state, input, decidingOf(decider, fixed)));
    const { events, result, reserve = [], release = [] } = decision;
    const stored = events.map((event) => asStored(decider, command, event));
    if (result !== undefined) {
      const json: unknown = JSON.parse(JSON.stringify(result) ?? 'null');
      expectEqual(result, json, `the answer of '${command}' is stored as JSON, and comes back different`);
    }
    const reserved = reserve.map(([name, value]): UniqueKey => [name, value]);
    checkKeys(decider, command, [...reserved, ...release]);
    const refused = reserve.find(([name, value]) => taken.some((of) => of[0] === name && of[1] === value));
    if (refused !== undefined) return { refusal: refused[2] };
    return { events, result, reserved, released: release, stateAfter: decider.fold(stored as never, state) };
  } catch (error) {
    if (isRefusal(error)) return { refusal: error };
    throw error;
  }
}

/** A decided event as the next command will find it. */
function asStored(decider: AnyDecider, command: string, event: NewEvent): NewEvent {
  const type = Object.values(decider.events as EventSet).find((one) => one.is(event));
  if (type === undefined) return fail(`'${command}' decided ${event.type}, which is no event of ${decider.category}`);
  try {
    const { schema, payload } = encodeEvent(type, event, 'spec' as EventId, { correlationId: 'spec' });
    return { ...event, data: decodeStored(type, schema, payload) };
  } catch (error) {
    if (isRefusedEvent(error)) return fail(`'${command}' decided an event that cannot be stored: ${error.message}`);
    throw error;
  }
}

const isRefusedEvent = (error: unknown): error is LeftfoldError =>
  error instanceof LeftfoldError && ['LF_EVENT_INVALID', 'LF_EVENT_RETIRED'].includes(error.code);

function decidingOf(decider: AnyDecider, { id = 'spec', now = new Date(0), roles = [] }: Fixed): Deciding {
  let drawn = 0;
  return {
    id,
    now: new Date(now),
    uuid: () => `00000000-0000-7000-8000-${String(++drawn).padStart(12, '0')}`,
    metadata: { correlationId: 'spec' },
    roles,
    refuse: refuserOf(decider) as Deciding['refuse'],
  };
}

const comparable = (outcome: DecisionOutcome): unknown =>
  'refusal' in outcome ? { refused: outcome.refusal.code, details: outcome.refusal.details } : outcome;
