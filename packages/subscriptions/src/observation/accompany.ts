import type { FollowerId } from '../checkpoints.ts';
import { joinMembers } from '../following/membership.ts';
import type { Running } from '../following/running.ts';
import type { Source, SourceRecord } from '../source.ts';
import type { Storage } from '../storage.ts';
import { BecomingLive } from '../versions/becoming-live.ts';
import { NotedConditions } from './noted-conditions.ts';

/** A follower that was started. */
export interface Accompanied {
  readonly follower: FollowerId;
  readonly source: Source<SourceRecord>;
  readonly storage: Pick<Storage, 'checkpoints' | 'versions' | 'conditions'>;
  /** The name of its claims. */
  readonly owner: string;
  /** Default 5,000. */
  readonly leaseMs?: number | undefined;
  /** Whether what it fills is a version of a projection, which becomes live when it has passed. */
  readonly isVersion: boolean;
}

const LEASE_MS = 5_000;

/**
 * What goes on beside a follower, of which no loop knows: others can see that it runs and what keeps its lanes from going on, and the version that it fills becomes live. Ends with the follower,
 * whose own promises stand; `caughtUp` besides waits until a version that has thereby passed is live.
 */
export function accompany(
  running: Running,
  { follower, source, storage, owner, leaseMs = LEASE_MS, isVersion }: Accompanied,
): Running {
  const conditions = new NotedConditions(storage.conditions, follower, owner);
  const leave = source.ownership === 'assigned' && joinMembers(storage.checkpoints, { follower, owner, leaseMs });
  const version = isVersion ? new BecomingLive({ follower, source, storage }) : undefined;
  let ending: Promise<unknown> | undefined;
  const end = (): Promise<unknown> =>
    (ending ??= Promise.all([conditions.close(), version?.stop(), leave ? leave() : undefined]));
  running.onChange((change) => {
    conditions.on(change);
    if (change.kind === 'ended') void end();
  });
  return {
    status: () => running.status(),
    onChange: (listener) => running.onChange(listener),
    caughtUp: async (options) => {
      await running.caughtUp(options);
      await version?.look();
    },
    stop: async () => {
      await running.stop();
      await end();
    },
  };
}
