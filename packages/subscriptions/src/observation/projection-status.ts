import type { FollowerId } from '../checkpoints.ts';
import { WHOLE_SOURCE, type FollowerConditions, type LaneCondition } from '../conditions.ts';
import type { LaneState, LaneStatus } from '../following/status.ts';
import type { Running } from '../following/running.ts';
import { INLINE_LANE } from '../inline/inline.ts';
import { isNotedInline } from '../inline/note-inline.ts';
import type { Cursor, Lane } from '../source.ts';
import type { Storage } from '../storage.ts';
import type { ModelVersion } from '../versions.ts';
import type { BehindOptions } from './behind.ts';
import { followerLag, type FollowerLag, type LaneLag } from './follower-lag.ts';
import { codeLabel } from './metric-names.ts';
import type { Measured } from './observe-lag.ts';

/**
 * What a lane is doing, over all processes. `unowned`: no process runs the follower, so nothing goes on. `claiming`: one does, and will take the lane in a moment. The others as
 * {@link LaneState} has them, as the lane's owner noted it last.
 */
export type LaneStateAnywhere = LaneState | 'unowned';

/** One lane of a projection, whoever has it. */
export interface LaneOverview {
  readonly lane: Lane;
  readonly state: LaneStateAnywhere;
  /** The saved place. */
  readonly cursor: Cursor | 'start';
  /** Events that stand between the saved place and the head; at least so many where `isMore`. Absent where it could not be measured. */
  readonly events?: number;
  readonly isMore?: boolean;
  /** How long the oldest of them has waited since it was recorded, by the clock of the store. Absent where the source does not know. */
  readonly oldestMs?: number;
  /** Keys whose events are parked. */
  readonly parkedKeys: number;
  /** Set on a lane of a source that the follower has been moved from: nobody follows it any more, and what is parked there waits for {@link discardFormerParked}. */
  readonly isFormer?: true;
  /** What keeps it from going on, or kept it when somebody last ran it. Absent where it is well. */
  readonly fault?: Omit<LaneCondition, 'lane' | 'state'>;
  /** Who claimed it last. Absent where nobody ever has. */
  readonly owner?: string;
  /** As this process has it, where it runs the follower: newer, and with the text of a fault, which may quote an event. */
  readonly here?: LaneStatus;
}

/** One projection, or reaction, or the relay, over all processes that run it. */
export interface FollowerOverview {
  readonly name: string;
  readonly version: number;
  /** Name of the source that its places were measured against. */
  readonly source: string;
  readonly measuredAt: Date;
  /** Of all lanes together. Absent where it could not be measured: then `unmeasured` says why, as a code. */
  readonly events?: number;
  readonly isMore?: boolean;
  readonly oldestMs?: number;
  readonly unmeasured?: string;
  readonly parkedKeys: number;
  /** The processes that run it, by name. One that died counts until its lease ends. */
  readonly runBy: readonly string[];
  /** Why one of them cannot read its source at all, or the last one could not: then its lanes may be `claiming` for as long. */
  readonly fault?: Omit<LaneCondition, 'lane' | 'state'>;
  /** Of a projection: whether queries may read the version. Absent where it is not registered. */
  readonly model?: Pick<ModelVersion, 'state' | 'isHeld' | 'since'>;
  /** True where appends feed it in their own transactions; then it has no lag by that. */
  readonly isFedInline: boolean;
  readonly lanes: readonly LaneOverview[];
}

/** How to look. */
export interface ProjectionStatusOptions extends BehindOptions {
  /** Followers of this process, for {@link LaneOverview.here}. */
  readonly running?: readonly Running[];
}

/**
 * How projections are, whoever runs them, if anybody: place, lag against the head, state, parked keys, what went wrong last, owner. Anybody may ask, in any process that has the
 * storage: one that died shows all that waits for it, and `unowned` (hazard C12). Give projections, reactions by their follower, or {@link RELAY}, each with what it follows.
 *
 * State and fault are what owners noted: within a second of a change, by code and event, never by the text of an error. What was noted by somebody who died stays until the
 * lane goes on. Places are saved ones, see {@link followerLag}, whose bounds hold.
 *
 * Costs two statements, and four for each follower. One whose lag cannot be measured says why, the others are measured.
 *
 * @throws as the storage does while it is away
 */
export async function projectionStatus(
  storage: Pick<Storage, 'log' | 'checkpoints' | 'parked' | 'versions' | 'conditions'>,
  followers: readonly Measured[],
  { running = [], ...bounds }: ProjectionStatusOptions = {},
): Promise<readonly FollowerOverview[]> {
  const ids = followers.map(({ follower: { name, version } }): FollowerId => ({ name, version }));
  const conditions = await storage.conditions.of(ids);
  const versions = await storage.versions.list();
  const overviews: FollowerOverview[] = [];
  for (const [n, { follower, from = storage.log }] of followers.entries()) {
    const id = ids[n] as FollowerId;
    const rows = await storage.checkpoints.list(id);
    const saved = rows.filter(({ lane }) => lane !== INLINE_LANE);
    const lag = await followerLag(storage, follower, { from, ...bounds }).catch((error: unknown) => unmeasured(error));
    const parked = await storage.parked.count(id);
    const model = versions.find(({ projection, version }) => projection === id.name && version === id.version);
    const own = running.map((one) => one.status()).find((one) => one.name === id.name && one.version === id.version);
    const lanes = lanesOf(lag, saved, parked).map((lane) =>
      overviewOf(lane, conditions[n] as FollowerConditions, {
        parkedKeys: parked.get(lane.lane) ?? 0,
        here: own?.lanes.find((one) => one.lane === lane.lane),
      }),
    );
    overviews.push({
      ...id,
      source: from.name,
      measuredAt: new Date(),
      ...('code' in lag ? { unmeasured: lag.code } : sums(lag)),
      parkedKeys: [...parked.values()].reduce((sum, keys) => sum + keys, 0),
      runBy: conditions[n]?.members ?? [],
      ...sourceFault(conditions[n] as FollowerConditions),
      ...(model && { model: { state: model.state, isHeld: model.isHeld, since: model.since } }),
      isFedInline: isNotedInline(rows),
      lanes,
    });
  }
  return overviews;
}

interface Unmeasured {
  readonly code: string;
}
/** A code of ours says something of this follower; anything else is the storage's or the source's as a whole. */
function unmeasured(error: unknown): Unmeasured {
  if (codeLabel(error) === 'other') throw error;
  return { code: codeLabel(error) };
}

const sums = ({ events, isMore, oldestMs }: FollowerLag): Pick<FollowerLag, 'events' | 'isMore' | 'oldestMs'> => ({
  events,
  isMore,
  ...(oldestMs !== undefined && { oldestMs }),
});

/** A lane's place, with how far it is behind where that is known. */
type Placed = Pick<LaneLag, 'lane' | 'cursor' | 'owner'> &
  Partial<Pick<LaneLag, 'events' | 'isMore' | 'oldestMs'>> &
  Pick<LaneOverview, 'isFormer'>;

function lanesOf(
  lag: FollowerLag | Unmeasured,
  saved: readonly Placed[],
  parked: ReadonlyMap<Lane, number>,
): readonly Placed[] {
  const measured: readonly Placed[] = 'lanes' in lag ? lag.lanes : saved;
  const known = new Set(measured.map(({ lane }) => lane));
  // Of a lane that is none any more, as of a topic that is not followed now, keys may still be parked.
  const others = [...parked.keys()].filter((lane) => !known.has(lane));
  const isFormer = 'lanes' in lag && { isFormer: true as const };
  return [
    ...measured.map(({ lane, cursor, owner, events, isMore, oldestMs }) => ({
      lane,
      cursor,
      ...(owner !== undefined && { owner }),
      ...(events !== undefined && { events }),
      ...(isMore !== undefined && { isMore }),
      ...(oldestMs !== undefined && { oldestMs }),
    })),
    ...others.map((lane): Placed => {
      const { cursor = 'start', owner } = saved.find((row) => row.lane === lane) ?? {};
      return { lane, cursor, ...(owner !== undefined && { owner }), ...isFormer };
    }),
  ];
}

function overviewOf(
  placed: Placed,
  { members, lanes }: FollowerConditions,
  { parkedKeys, here }: { readonly parkedKeys: number; readonly here: LaneStatus | undefined },
): LaneOverview {
  const noted = lanes.find(({ lane }) => lane === placed.lane);
  const isNobodys = members.length === 0 || placed.isFormer === true;
  const isOwned = placed.owner !== undefined && members.includes(placed.owner);
  return {
    ...placed,
    state: isNobodys ? 'unowned' : (noted?.state ?? (isOwned ? 'following' : 'claiming')),
    parkedKeys,
    ...(noted && { fault: faultOf(noted) }),
    ...(here && { here }),
  };
}

/** What a process noted that is gone, while others run, says nothing of them. */
function sourceFault({ members, lanes }: FollowerConditions): Pick<FollowerOverview, 'fault'> {
  const noted = lanes.find(({ lane }) => lane === WHOLE_SOURCE);
  const isOfNow = noted !== undefined && (members.length === 0 || members.includes(noted.owner));
  return isOfNow ? { fault: faultOf(noted) } : {};
}

const faultOf = ({
  code,
  event,
  since,
  failures,
  owner,
  notedAt,
}: LaneCondition): NonNullable<LaneOverview['fault']> => ({
  code,
  ...(event && { event }),
  since,
  failures,
  owner,
  notedAt,
});
