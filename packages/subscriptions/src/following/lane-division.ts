import type { Checkpoints } from '../checkpoints.ts';
import type { OwnedLane } from './owned-lane.ts';
import { pause } from './pause.ts';
import type { Division, Lane } from '../source.ts';

/** Its row decides how many lanes a follower has. */
const FIRST = '0' as Lane;
/** Between two looks: doubled, since the first lane may stand still for as long as nobody mends what is wrong with it. */
const LOOK_MS = { first: 5, most: 1_000 };

/**
 * Sees to it that all lanes of a follower are lanes of one division, whichever processes have them, and whatever number each was told. A lane with a place
 * is refused by the source when its cursor is of another number; but one without a place, which a greater number brings, would begin at the start, and
 * read what others have read. So nobody begins before the first lane's row says the number: its owner writes it there with the place before everything,
 * and one row is never of two minds. Later nobody changes it, since who comes with another number is refused the first lane.
 *
 * @throws `LF_LANES_CHANGED` when this follower's lanes are others · {@link LaneLost} · the signal's reason once it aborts
 */
export async function joinDivision(
  division: Division,
  owned: OwnedLane,
  checkpoints: Checkpoints,
  signal: AbortSignal,
): Promise<void> {
  const { lane, follower } = owned.claim;
  if (owned.done !== 'start') return;
  if (lane === FIRST) return owned.save(await division.beginning(lane));
  for (let lookMs = LOOK_MS.first; ; lookMs = Math.min(lookMs * 2, LOOK_MS.most)) {
    const first = (await checkpoints.list(follower)).find((row) => row.lane === FIRST)?.cursor ?? 'start';
    if (first !== 'start') return division.check(first);
    await pause(lookMs, signal);
  }
}
