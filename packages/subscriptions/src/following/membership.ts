import type { Checkpoints, FollowerId } from '../checkpoints.ts';
import { LeaseRenewal, type Renewing } from './lease-renewal.ts';

/**
 * Notes a process as one that runs a follower where its source assigns the lanes, so that no leases are renewed. Nothing is decided by it but which version of a read model is fed.
 * Answers how to leave.
 */
export function joinMembers(
  checkpoints: Checkpoints,
  { follower, owner, leaseMs }: { readonly follower: FollowerId; readonly owner: string; readonly leaseMs: number },
): () => Promise<void> {
  const renewal = LeaseRenewal.of(checkpoints);
  const member: Renewing = {
    renewal: () => ({ follower, owner, leaseMs, lanes: [], claims: [] }),
    renewed: () => undefined,
    failed: () => undefined,
  };
  renewal.look(member);
  return async () => {
    await renewal.forget(member);
    await checkpoints.leave([{ follower, owner }]).catch(() => undefined);
  };
}
