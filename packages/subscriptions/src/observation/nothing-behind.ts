import type { Cursor, Lane, Source, SourceRecord } from '../source.ts';

/** How far is looked, one after the other: a place in the midst of a window may stand before many positions that hold nothing for it. */
const LOOKS = [1, 1_000, 1_000_000];

/**
 * Of these lanes those behind whose places nothing stands. A place that nothing stands after is not saved anew, however far a log goes on without events; so whoever asks whether a
 * follower has everything must ask this, too. None where the source cannot tell.
 */
export async function nothingBehind(
  source: Pick<Source<SourceRecord>, 'behind'>,
  places: ReadonlyMap<Lane, Cursor | 'start'>,
  lanes: readonly Lane[],
): Promise<ReadonlySet<Lane>> {
  const nothing = new Set<Lane>();
  let open = lanes;
  for (const atMost of LOOKS) {
    if (open.length === 0) break;
    const behind = await source.behind?.(places, { atMost });
    const found = (lane: Lane): number => behind?.get(lane)?.events ?? 1;
    for (const lane of open) if (found(lane) === 0 && behind?.get(lane)?.isMore === false) nothing.add(lane);
    // Counted no further than asked: none found is not none there.
    open = open.filter((lane) => found(lane) === 0 && !nothing.has(lane));
  }
  return nothing;
}
