import { DefinitionError } from '@leftfold/core';
import { RELAY } from '@leftfold/subscriptions';
import type { CaughtUpOptions, Running } from '@leftfold/subscriptions';

/**
 * Resolves when every follower has dealt with all that stood in its source: relays first, since what they publish is what the others read, then
 * the others, and again until nothing moves any more. So what was written before the call is in the read models afterwards.
 *
 * @throws {@link DefinitionError} `LF_NOTHING_FOLLOWS` when there are no followers: a test that waits for nothing proves nothing
 * @throws `LF_NOT_CAUGHT_UP`, `LF_FOLLOWER_STOPPED` as {@link Running.caughtUp} does
 */
export async function caughtUp(running: readonly Running[], options?: CaughtUpOptions): Promise<void> {
  if (running.length === 0) {
    throw new DefinitionError(
      'LF_NOTHING_FOLLOWS',
      'there is no follower to wait for; start one with follow or relay first',
    );
  }
  const relays = running.filter((one) => one.status().name === RELAY.name);
  const others = running.filter((one) => !relays.includes(one));
  for (let before = -1; before !== handled(running);) {
    before = handled(running);
    for (const group of [relays, others]) await Promise.all(group.map((one) => one.caughtUp(options)));
  }
}

/** Events dealt with so far; batches without any come by themselves. */
const handled = (running: readonly Running[]): number =>
  running.flatMap((one) => one.status().lanes).reduce((sum, { events }) => sum + events, 0);
