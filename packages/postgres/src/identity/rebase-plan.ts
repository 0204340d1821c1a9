import type { LogPlace } from '../log/log-place.ts';
import { EMPTY, isVisible, snapshotText, type Snapshot } from '../log/snapshot.ts';

/** Transaction ids, both ends included. */
export interface XidRange {
  readonly low: bigint;
  readonly high: bigint;
}

/** How a log's transaction ids become ones that say the same in any cluster. */
export interface RebasePlan {
  /** For most events. */
  readonly most: bigint;
  /** For those of these old ids. */
  readonly others: readonly { readonly range: XidRange; readonly xid: bigint }[];
  /** The first id above all that are given; ids that the cluster gives out must not lie below it. */
  readonly next: bigint;
  /** What a place of before is now: the same is done, and an opened window holds the same. */
  readonly placeOf: (place: LogPlace) => LogPlace;
}

const XID_MAX = 2n ** 64n - 1n;

/** All transaction ids, cut so that each of these places treats those of one range alike: by what was running, and where what was known of ended. */
export function xidRanges(places: readonly LogPlace[]): readonly XidRange[] {
  const cuts = new Set([0n]);
  for (const { xmax, running } of snapshotsOf(places)) {
    cuts.add(xmax);
    for (const xid of running) cuts.add(xid).add(xid + 1n);
  }
  const lows = [...cuts].toSorted((a, b) => (a < b ? -1 : 1));
  return lows.map((low, i) => ({ low, high: (lows[i + 1] ?? XID_MAX + 1n) - 1n }));
}

/**
 * A place says what is done by transaction ids alone (a position counts within a window only, and positions stay). So ids that all places treat alike may become
 * one id, a window may be said in these, and afterwards every place means exactly the events that it meant before: nothing comes twice, nothing is left out,
 * and a relay that sends an opened window again gives the same numbers to the same events. The ids are those below all that a cluster gives out, from 3 up; the one
 * for most events is to be a column's default, so that only the others' rows are written.
 *
 * @param counted the {@link xidRanges} of these places, each with its number of events
 */
export function planRebase(
  places: readonly LogPlace[],
  counted: readonly (XidRange & { readonly events: bigint })[],
): RebasePlan {
  const snapshots = snapshotsOf(places);
  const classes = new Map<string, { readonly ranges: XidRange[]; events: bigint }>();
  for (const { low, high, events } of counted) {
    if (events === 0n) continue;
    const key = snapshots.map((snapshot) => (isVisible(snapshot, low) ? '1' : '0')).join('');
    const alike = classes.get(key) ?? { ranges: [], events: 0n };
    classes.set(key, alike);
    alike.ranges.push({ low, high });
    alike.events += events;
  }
  const bySize = [...classes.values()].toSorted((a, b) => Number(b.events - a.events));
  const given = bySize.map(({ ranges }, i) => ({ ranges, xid: EMPTY.xmax + BigInt(i) }));
  const next = EMPTY.xmax + BigInt(given.length);
  const snapshotOf = (old: Snapshot): Snapshot =>
    shortened(
      next,
      given.flatMap(({ ranges: [first], xid }) => (first && isVisible(old, first.low) ? [] : [xid])),
    );
  return {
    most: EMPTY.xmax,
    others: given.slice(1).flatMap(({ ranges, xid }) => ranges.map((range) => ({ range, xid }))),
    next,
    placeOf: ({ from, to, position }) => ({
      from: snapshotOf(from),
      ...(to !== undefined && { to: snapshotOf(to) }),
      position,
    }),
  };
}

function snapshotsOf(places: readonly LogPlace[]): readonly Snapshot[] {
  const all = places.flatMap(({ from, to }) => (to === undefined ? [from] : [from, to]));
  return [...new Map(all.map((snapshot) => [snapshotText(snapshot), snapshot])).values()];
}

/** Without the highest ids that it does not see: to say so it need only end before them. */
function shortened(xmax: bigint, running: readonly bigint[]): Snapshot {
  return running.at(-1) === xmax - 1n ? shortened(xmax - 1n, running.slice(0, -1)) : { xmax, running };
}
