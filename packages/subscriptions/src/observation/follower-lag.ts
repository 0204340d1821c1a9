import { DefinitionError } from '@leftfold/core';
import type { Behind, BehindOptions } from './behind.ts';
import { RELAY, type Checkpoint, type FollowerId } from '../checkpoints.ts';
import { INLINE_LANE } from '../inline/inline.ts';
import type { Cursor, Lane, Source } from '../source.ts';
import { isNotedInline } from '../inline/note-inline.ts';
import { placesFromNow } from '../reaction/note-beginning.ts';
import type { ReactionFollower } from '../reaction/reaction.ts';
import { kindOf, refuseOtherKind, savedKind } from '../projection/source-moved.ts';
import type { Storage } from '../storage.ts';

/** How far one lane is behind, by what is saved. */
export interface LaneLag {
  readonly lane: Lane;
  /** Events that the follower has yet to pass; a relay: that it has yet to send. At least so many where `isMore`. */
  readonly events: number;
  readonly isMore: boolean;
  /**
   * How long the oldest of them has waited since it was recorded, by the clock of the store. 0 when there is none; absent where the source does not know. At
   * most so long where `isMore` and a relay's `events` is 0: then of the oldest event, private as it is.
   */
  readonly oldestMs?: number;
  /** The saved place. */
  readonly cursor: Cursor | 'start';
  /** Who claimed the lane last, for people. Absent where nobody ever has. It says nothing of whether that process lives. */
  readonly owner?: string;
}
/** How far a follower is behind, whoever runs it, if anybody. */
export interface FollowerLag {
  readonly name: string;
  readonly version: number;
  /** Name of the source. */
  readonly source: string;
  /** By the clock of whoever measured. */
  readonly measuredAt: Date;
  /** Of all lanes together. */
  readonly events: number;
  readonly isMore: boolean;
  /** Of the lane that is furthest behind in time. */
  readonly oldestMs?: number;
  readonly lanes: readonly LaneLag[];
}
/** How to measure. */
export interface LagOptions extends BehindOptions {
  /** What the follower follows. Default: the log. Of a projection that follows a broker `broker.source`. */
  readonly from?: Source;
}

/**
 * Measures how far a follower is behind: its saved places against the source's end now. Anybody may ask, in any process that has the storage; no follower
 * needs to run, and one that is dead, or was never started, shows all that waits for it (hazard C12). Give {@link RELAY} or a projection.
 *
 * It is what is *saved*: a follower saves what nothing depends on up to a second later, the relay the end of a burst 200 ms later, so a small lag of one that is well
 * is no more than that. A reaction, by its {@link reactionFollower}, is behind from where it begins: before its first start not at all, if that is `'now'`. What is parked or withheld is passed, and counts no more: it is counted by itself ({@link projectionStatus}). One that appends alone feed has no lanes, and no lag. One that follows a broker is behind the topics by this, and behind the log by the relay's lag besides.
 *
 * @throws {@link DefinitionError} `LF_LAG_UNKNOWN` when the source cannot tell, or when the follower was fed by another kind of source alone
 * @throws as reading from the saved places would, and as the servers' adapters do while they are away
 */
export async function followerLag(
  storage: Pick<Storage, 'log' | 'checkpoints'>,
  follower: FollowerId | ReactionFollower,
  { from = storage.log, ...options }: LagOptions = {},
): Promise<FollowerLag> {
  const { name, version } = follower;
  const id = { name, version };
  const behind = from.behind?.bind(from);
  if (behind === undefined)
    throw new DefinitionError(
      'LF_LAG_UNKNOWN',
      `${from.name} cannot tell how far ${name} is behind; ask a source that has \`behind\``,
    );
  const rows = await storage.checkpoints.list(id);
  const knowsTimes = from === storage.log || 'identity' in from;
  // That appends feed it, too, is no place of anybody's.
  const places = rows.filter(({ lane }) => lane !== INLINE_LANE);
  // Fed by appends alone it has all there is; measured as one that never began it would be behind by the whole log.
  if (places.length === 0 && isNotedInline(rows)) return lagOf(id, from, [], knowsTimes);
  // One that was moved keeps the places of its former source, which say nothing any more.
  const ofThis = places.filter((row) => (savedKind(row) ?? kindOf(from)) === kindOf(from));
  const saved = new Map(ofThis.map((row) => [row.lane, row]));
  const cursors = new Map([...saved].map(([lane, { cursor }]) => [lane, cursor]));
  const isFromNow = 'beginsFrom' in follower && follower.beginsFrom === 'now';
  const begun = isFromNow ? await placesFromNow(storage.checkpoints, id, cursors) : { areAll: true, places: cursors };
  const all = begun.places.size === 0 && !begun.areAll ? [] : [...(await behind(begun.places, options))];
  const counted = new Map(all.filter(([lane]) => begun.areAll || begun.places.has(lane)));
  // Whoever has begun here has claimed a lane at least, though nothing of it is saved yet.
  if (!ofThis.some((row) => savedKind(row) !== undefined || counted.has(row.lane))) refuseOtherKind(id, from, places);
  const lanes = [...counted]
    .map(([lane, one]) => laneLag(lane, saved.get(lane), id.name === RELAY.name ? ofPublic(one) : one, knowsTimes))
    .toSorted((a, b) => (a.lane < b.lane ? -1 : 1));
  return lagOf(id, from, lanes, knowsTimes);
}

function lagOf(id: FollowerId, from: Source, lanes: readonly LaneLag[], knowsTimes: boolean): FollowerLag {
  const ages = lanes.flatMap(({ oldestMs }) => (oldestMs === undefined ? [] : [oldestMs]));
  return {
    ...id,
    source: from.name,
    measuredAt: new Date(),
    events: lanes.reduce((sum, { events }) => sum + events, 0),
    isMore: lanes.some(({ isMore }) => isMore),
    ...(knowsTimes && { oldestMs: Math.max(0, ...ages) }),
    lanes,
  };
}

type Counted = Pick<Behind, 'events' | 'isMore' | 'oldestMs'>;

/**
 * Private events are passed, too, but nobody waits for them. Where counting ended before it met a public one, there may be some beyond: none of them is older
 * than the oldest event counted, and a dead relay must not look well behind many private events (C12).
 */
function ofPublic({ publicEvents, isMore, oldestMs: oldestOfAll, oldestPublicMs }: Behind): Counted {
  const oldestMs = oldestPublicMs ?? (isMore ? oldestOfAll : undefined);
  return { events: publicEvents, isMore, ...(oldestMs !== undefined && { oldestMs }) };
}

function laneLag(lane: Lane, row: Checkpoint | undefined, counted: Counted, knowsTimes: boolean): LaneLag {
  const { events, isMore, oldestMs = 0 } = counted;
  const { cursor = 'start', owner } = row ?? {};
  return { lane, events, isMore, ...(knowsTimes && { oldestMs }), cursor, ...(owner !== undefined && { owner }) };
}
