import { DefinitionError, eventTypesByName } from '@leftfold/core';
import { accompany } from '../observation/accompany.ts';
import type { AnyReaction } from '../reaction/reaction.ts';
import { foldApplier } from '../folding/fold-applier.ts';
import type { FollowerId } from '../checkpoints.ts';
import { followReaction } from '../reaction/follow-reaction.ts';
import { isFolded, type AnyProjection } from './projection.ts';
import { isOwn } from './own-projection.ts';
import { isReaction } from '../reaction/reaction.ts';
import { OneCategory } from './one-category.ts';
import { ownApplier } from '../dealing/own-applier.ts';
import { ownerName } from '../following/owner-name.ts';
import { park, stop } from './recovery-policy.ts';
import { ProjectorLane } from './projector-lane.ts';
import type { ProjectorTerms } from './projector-terms.ts';
import { recoveryOf } from '../following/recovery.ts';
import { SharedLook } from './shared-look.ts';
import { projectorLedger, refuseFedInline, refuseMoved } from './source-moved.ts';
import type { Lane, Source, SourceRecord } from '../source.ts';
import type { Running } from '../following/running.ts';
import { startFollower, type FollowerOptions } from '../following/follower.ts';
import type { Storage } from '../storage.ts';
import { batchTime } from '../dealing/time-allowance.ts';

/** What a projector needs. */
export interface FollowOptions extends FollowerOptions {
  /** The log of a storage, or a broker's source. */
  readonly from: Source;
  /** Where the rows and the checkpoints are. */
  readonly storage: Storage;
  /** Which part of a projection's recovery policy applies. Default `'live'`. */
  readonly mode?: 'live' | 'rebuild';
  /**
   * A transaction ends when its events have taken so long, and the rest of its batch comes in the next: so much is repeated after a crash, and so long a stop waits. Statements of a projection's own are looked at
   * one event at a time, batch handlers call by call, each given as many events as fit by what those before took; folds count by themselves, without the rows' way. 1 to 60,000, default 1,000.
   * Of reactions each effect is noted by itself.
   */
  readonly batchMs?: number;
}

/**
 * Follows a source with a projection. The same definition, whatever the source. Per batch: decode, upcast, fold, then one transaction with the rows and
 * the checkpoint, guarded by (expected cursor, owner's epoch): so an event has its effect exactly once, and a zombie's transaction cannot commit
 * (hazards C1, C4).
 *
 * An event newer than the code makes its lane wait (`LF_NEWER_EVENT`). One at fault itself, since it cannot be decoded, its fold throws, or what it writes is refused, is dealt with as the projection's
 * {@link AnyProjection.recovery} says. By default its key is parked, with all that comes of it later, in order and durably, and everything else goes on (hazards C5, C6); the key is the stream, or, where
 * streams share rows, the row. Who mended the cause asks for a retry ({@link Storage.parked}); the lane's owner carries it out while new events come. A batch without
 * handled events is noted and saved within a second, at a stop at once; a log does not even parse what is not handled.
 *
 * An event whose schema is not known yet, or cannot be asked for, makes the source wait, visibly; a record that is none of a relay's stops its lane with
 * `LF_RECORD_UNDECODABLE`, and its bytes are in the fault's error (hazard A7). Events of types that were renamed come under any of their names.
 *
 * An event that the relay withholds parks its key, if its type is handled; by itself it goes on when the event is redriven or given up (hazard R15).
 *
 * Makes the projection's table. Servers that are away are no reason to reject: that is tried again, and shows in the status.
 *
 * Rows of order `'stream'` are fed by streams of one category: an event of a second one stops its lane (`LF_PROJECTION_INVALID`).
 *
 * Given a reaction it is {@link followReaction}.
 *
 * @throws `LF_OPTION_OUT_OF_RANGE` when `batchMs` is out of bounds
 * @throws {@link DefinitionError} `LF_EVENT_PRIVATE` when it handles a private type and follows a broker
 * @throws `LF_ROW_TABLE_CHANGED` when the version's table has other columns
 */
export async function follow(followed: AnyProjection | AnyReaction, options: FollowOptions): Promise<Running> {
  if (isReaction(followed)) return followReaction(followed, options);
  const projection = followed;
  const { from: source, storage, mode = 'live', owner = ownerName() } = options;
  const { readModels, checkpoints } = storage;
  const time = batchTime(options.batchMs);
  const id: FollowerId = { name: projection.name, version: projection.version };
  refusePrivate(projection, source, storage);
  refuseFedInline(projection, storage);
  await readModels.prepare(projection.tables).catch((error: unknown) => {
    if (recoveryOf(error) !== 'again') throw error;
  });

  const categories = isOwn(projection) ? undefined : new OneCategory(projection);
  const { recovery } = projection;
  const terms: ProjectorTerms = {
    source,
    storage,
    types: eventTypesByName([...projection.handles]),
    applierOf: async (claim) => {
      if (isOwn(projection)) return ownApplier(projection, readModels, claim, time);
      if (isFolded(projection)) return foldApplier(projection);
      throw unknownKind(projection);
    },
    time,
    recover: mode === 'live' ? (recovery.live ?? park()) : (recovery.rebuild ?? stop()),
    ledger: () => projectorLedger(source, categories?.category),
  };
  const lanes = new Map<Lane, ProjectorLane>();
  // Of a topic a dozen lanes open together, for each projection of the process.
  const beginnings = new SharedLook(async () => {
    await readModels.prepare(projection.tables);
    return checkpoints.list(id);
  });
  const running = startFollower<SourceRecord>(
    {
      id,
      source,
      checkpoints,
      only: { types: [...terms.types.keys()] },
      marks: true,
      open: async (owned) => {
        const saved = await beginnings.ask();
        // Rows of one stream know their version and skip what they have.
        if (projection.order === 'any' || isOwn(projection)) refuseMoved(projection, source, saved);
        categories?.recall(saved);
        lanes.set(owned.claim.lane, await ProjectorLane.open(owned, terms, categories));
      },
      deal: (owned, batch, interrupted) => laneOf(owned.claim.lane).deal(batch, interrupted),
      tend: (owned, interrupted) => laneOf(owned.claim.lane).tend(interrupted),
    },
    { ...options, owner },
  );
  return accompany(running, {
    follower: id,
    source,
    storage,
    owner,
    leaseMs: options.leaseMs,
    isVersion: mode === 'live',
  });

  function laneOf(lane: Lane): ProjectorLane {
    return lanes.get(lane) as ProjectorLane;
  }
}

const unknownKind = ({ name }: AnyProjection): DefinitionError =>
  new DefinitionError(
    'LF_PROJECTION_INVALID',
    `projection ${name} neither folds rows nor has statements of its own: make it with projection() or with sqlProjection()`,
  );

function refusePrivate(projection: AnyProjection, source: Source, storage: Storage): void {
  const isLog = source === storage.log || 'identity' in source;
  for (const on of isLog ? [] : projection.handles) {
    if (!on.private) continue;
    throw new DefinitionError(
      'LF_EVENT_PRIVATE',
      `projection ${projection.name} handles ${on.type}, which is private and never leaves the log, but follows ${source.name}; let it follow the log`,
    );
  }
}
