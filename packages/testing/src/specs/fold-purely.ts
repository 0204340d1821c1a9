import type { AnyAggregate, NewEvent } from '@leftfold/core';
import { expectEqual } from './expect-equal.ts';

/**
 * The fold of some events, by an `evolve` that leaves alone what it is given: snapshots and caches go on from states that were folded before.
 * @param events reads them anew at each call. @throws `AssertionError` when `evolve` changed a state in place
 */
export function foldPurely(aggregate: AnyAggregate, events: () => readonly NewEvent[]): unknown {
  const history = events();
  const states: unknown[] = [aggregate.initial()];
  for (const event of history) states.push(aggregate.evolve(states.at(-1), event as never));
  // The second time each state is looked at before the next event can have touched it.
  let state: unknown = aggregate.initial();
  for (const [index, event] of events().entries()) {
    const { type } = event;
    expectEqual(
      states[index],
      state,
      `the fold of ${aggregate.category} changed a state in place, at ${type} or later; let evolve answer with a new one`,
    );
    state = aggregate.evolve(state, event as never);
  }
  return states.at(-1);
}
