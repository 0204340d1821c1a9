import type { FollowerId } from '../checkpoints.ts';

/** Who is to have applied a write. */
export interface AwaitedFollower {
  readonly id: FollowerId;
  /** The event types that it handles, under all their names; `undefined`: not known, so every event counts. */
  readonly types: ReadonlySet<string> | undefined;
  /** It is applied in the transaction that appends: whoever has a token of it can see it. */
  readonly isInline: boolean;
}

/** A follower as the key of a map. */
export const followerName = ({ name, version }: FollowerId): string => `${name} ${version}`;
