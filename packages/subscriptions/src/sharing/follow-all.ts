import { ownerName } from '../following/owner-name.ts';
import type { Running } from '../following/running.ts';
import { follow, type FollowOptions } from '../projection/follow.ts';
import type { AnyProjection } from '../projection/projection.ts';
import { shareReading } from './share-reading.ts';

/**
 * Follows one source with several projections, as {@link follow} does with each, and reads it once: per lane one fetch, one decoding and, for those in step, one transaction for all. Each has its own
 * checkpoints, leases, status and recovery; one that is behind, slow or stopped holds none of the others, and joins them again by itself.
 *
 * Answers what follows, in the order given. Processes may run different sets of projections: each lane of a projection is followed by one of those that have it, in fair
 * shares.
 *
 * @throws what {@link follow} throws for one of them; then none is followed
 */
export async function followAll(
  projections: readonly AnyProjection[],
  options: FollowOptions,
): Promise<readonly Running[]> {
  const { owner = ownerName() } = options;
  const shared = shareReading(projections, options);
  const starting = await Promise.allSettled(
    projections.map((projection) => follow(projection, { ...options, ...shared, owner })),
  );
  const running = starting.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = starting.find((one) => one.status === 'rejected');
  if (failed === undefined) return running;
  await Promise.all(running.map((one) => one.stop()));
  throw failed.reason;
}
