import type { Checkpoint, FollowerId } from '../checkpoints.ts';
import { savedKind } from '../projection/source-moved.ts';
import type { ProgressLook } from '../progress.ts';
import type { Cursor, Lane } from '../source.ts';

/** Saved places by lane. */
export type Places = ReadonlyMap<Lane, Cursor | 'start'>;

/** What a look found of a follower. */
export const foundOf = (
  { followers }: ProgressLook,
  { name, version }: FollowerId,
): ProgressLook['followers'][number] =>
  followers.find(({ id }) => id.name === name && id.version === version) ?? {
    id: { name, version },
    lanes: [],
    isParking: false,
  };

/** Each lane with its saved place. */
export const placesOf = (lanes: readonly Checkpoint[]): Places =>
  new Map(lanes.map(({ lane, cursor }) => [lane, cursor]));

const known = new WeakMap<object, ReadonlyMap<string, Places>>();

/**
 * Its saved places by the kind of source that they are of, as each says itself: so whoever waits need not know what the follower follows. Of one that was moved to another source
 * there are those of both, and what either has passed it has. Made once for each answer of a look: thousands may wait for one follower.
 */
export function fedBy(found: { readonly lanes: readonly Checkpoint[] }): ReadonlyMap<string, Places> {
  const before = known.get(found);
  if (before !== undefined) return before;
  const kinds = Map.groupBy(found.lanes, savedKind);
  const fed = new Map(
    [...kinds].flatMap(([kind, rows]) => (kind === undefined ? [] : [[kind, placesOf(rows)] as const])),
  );
  known.set(found, fed);
  return fed;
}
