import type { MemoryStorage } from '@leftfold/memory';
import type { NewEvent } from '@leftfold/core';
import { followReaction, replay, underClock } from '@leftfold/subscriptions';
import type { AnyReaction, Effect, FollowReactionOptions, Lane, LaneState, Running } from '@leftfold/subscriptions';
import { onTestFinished } from 'vitest';
import { impatient } from './impatient.ts';
import { append, paid } from './shop.ts';

// Orders are paid, and reactions react to that.

/** Starts a reaction that the end of the test stops. */
export async function following(
  definition: AnyReaction,
  options: FollowReactionOptions,
  now: () => number = Date.now,
): Promise<Running> {
  const running = await underClock({ ...impatient, now }, () => followReaction(definition, options));
  onTestFinished(() => running.stop());
  return running;
}
const customer = 'ann';
const pay = (cents: number): NewEvent => paid({ customer, cents });
export const laneStates = (running: Running): readonly (readonly [LaneState, string | undefined])[] =>
  running.status().lanes.map(({ state, fault }) => [state, fault?.code] as const);
/** What effects come upon. */
export interface Recorder {
  readonly seen: number[];
  readonly effects: Effect[];
  readonly on: (event: { readonly data: { readonly cents: number } }, effect: Effect) => Promise<void>;
}
/** Keeps account of the cents of the payments that its effect comes upon. */
export function recorder(): Recorder {
  const seen: number[] = [];
  const effects: Effect[] = [];
  return {
    seen,
    effects,
    on: async ({ data }: { readonly data: { readonly cents: number } }, effect: Effect): Promise<void> => {
      seen.push(data.cents);
      effects.push(effect);
    },
  };
}
export async function sell({ store }: MemoryStorage, order: string, ...cents: readonly number[]): Promise<void> {
  await append(store, order, cents.map(pay));
}

export const seenReplaying = ({ seen, effects }: Recorder): readonly (readonly [number, boolean | undefined])[] =>
  seen.map((cents, i) => [cents, effects[i]?.replaying] as const);
export const sendBack = (definition: AnyReaction, storage: MemoryStorage): Promise<readonly Lane[]> =>
  replay(definition, { from: storage.log, storage, as: definition.replay });
