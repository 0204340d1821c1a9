import { DefinitionError, eventTypesByName } from '@leftfold/core';
import type { Batch, Cursor, Lane, Source, SourceRecord } from '../source.ts';
import { LaneLost, type Checkpoint, type FollowerId } from '../checkpoints.ts';
import { elapsedMs } from '../clock.ts';
import { fullJitter } from '../following/backoff.ts';
import { accompany } from '../observation/accompany.ts';
import { EffectProgress } from './effect-progress.ts';
import { startFollower, type FollowerOptions } from '../following/follower.ts';
import { runEffects } from './lane-effects.ts';
import { beginningOf, noteBeginning } from './note-beginning.ts';
import { SAVE_SOON_MS, type OwnedLane } from '../following/owned-lane.ts';
import { ownerName } from '../following/owner-name.ts';
import { ParkedEffects } from './parked-effects.ts';
import { doneIn, NONE_DONE, reactionLedger, refuseOtherSource } from './reaction-ledger.ts';
import { park } from '../projection/recovery-policy.ts';
import { reachedOf } from './reaction-rows.ts';
import { type AnyReaction, type EffectHandler } from './reaction.ts';
import { pause } from '../following/pause.ts';
import { AGAIN, recoveryOf } from '../following/recovery.ts';
import { replaySource } from './replay-source.ts';
import { onReplay } from './replays-here.ts';
import type { Running } from '../following/running.ts';
import type { Storage } from '../storage.ts';
import { isSettlement, stretches } from './stretches.ts';
import { takeUpSpares } from './take-up-spares.ts';

/** What a reaction needs. */
export interface FollowReactionOptions extends FollowerOptions {
  /** The log of a storage, or a broker's source. */
  readonly from: Source;
  /** Where its checkpoints are, and what of it is parked. */
  readonly storage: Storage;
}
/** For so many failed looks it is waited at the start until the source tells its end: about half a minute. */
const LOOKS = 12;
/** So often it is looked whether a lane is still ours on which nothing comes. */
const CONFIRM_MS = 5_000;

/** What is known of a lane since its claim. */
interface LaneOfEffects {
  readonly owned: OwnedLane;
  readonly progress: EffectProgress;
  readonly parked: ParkedEffects;
  /** What comes up to here is a replay. */
  readonly reached: Cursor | undefined;
}

/**
 * Follows a source with a reaction: effects at least once, per stream in order, then the checkpoint. While a batch takes long, what is done of it is saved now and then; so
 * a crash repeats little, under the same idempotency keys. An effect that rejects, or takes longer than its limit, is tried again or parks its stream, by the policy: others go on. One that
 * rejects as it is told to end by its signal, at a stop, counts as not done. Up to eight effects of a lane are under way at once, of different streams, and no further batch is taken meanwhile.
 *
 * Resolves when it is certain where it begins: a reaction from `'now'` misses nothing that is committed after that, through whatever crash.
 *
 * What a lane comes upon a second time, after {@link replay}, is dealt with as the reaction declares; nothing that was not reached before is taken for that (hazard C9).
 *
 * @throws {@link DefinitionError} `LF_EVENT_PRIVATE` when it handles a private type and follows a broker
 * @throws what the source or the storage throws, where the place to begin at is not noted yet and cannot be for half a minute
 */
export async function followReaction(reaction: AnyReaction, options: FollowReactionOptions): Promise<Running> {
  const { from: source, storage, owner = ownerName(), signal } = options;
  const { checkpoints } = storage;
  const id: FollowerId = { name: reaction.name, version: 0 };
  const byName = eventTypesByName([...reaction.effects.values()].map(({ on }) => on));
  const handlers = new Map<string, EffectHandler>(
    [...byName].map(([name, on]) => [name, reaction.effects.get(on.type) as EffectHandler]),
  );
  const lanes = new Map<Lane, LaneOfEffects>();
  refusePrivate(reaction, source, storage);
  if (reaction.from === 'now') await persistently(() => noteBeginning(reaction, source, checkpoints, owner), signal);

  const unheard = onReplay(checkpoints, reaction.name, (lane) => lanes.get(lane)?.owned.lose());
  const ended = new AbortController();
  let look: { readonly at: number; readonly rows: Promise<readonly Checkpoint[]> } | undefined;
  const again = replaySource(source, (lane) => lanes.get(lane)?.reached);
  const running = startFollower<SourceRecord>(
    {
      id,
      source: again,
      checkpoints,
      only: { types: [...handlers.keys()] },
      marks: true,
      open: async (owned) => void lanes.set(owned.claim.lane, await open(owned)),
      deal,
      tend: async (owned, interrupted) => {
        await confirmNowAndThen(owned);
        return laneOf(owned).parked.tend(interrupted, () => confirm(owned));
      },
      close: async (lane) => {
        if (lane !== undefined) return;
        unheard();
        ended.abort(new DOMException(`${id.name} has ended`, 'AbortError'));
      },
    },
    { ...options, owner },
  );
  takeUpSpares(running, {
    isOpen: (lane) => lanes.get(lane)?.owned.isLost === false,
    ask: () => again.readAnew(),
    ended: ended.signal,
  });
  return accompany(running, { follower: id, source, storage, owner, leaseMs: options.leaseMs, isVersion: false });

  async function open(owned: OwnedLane): Promise<LaneOfEffects> {
    const { lane, ledger } = owned.claim;
    refuseOtherSource(reaction, source, ledger);
    if (owned.saved === 'start' && ledger === null && reaction.from === 'now') {
      const beginning = await beginningOf(reaction, checkpoints, lane);
      if (beginning !== 'start') await owned.save(beginning, reactionLedger(source, beginning));
    }
    owned.lost.addEventListener('abort', () => void readAnewIfBack(owned).catch(() => {}), { once: true });
    const row = (await checkpoints.list(reachedOf(reaction))).find((one) => one.lane === lane);
    const place = row?.cursor ?? 'start';
    const isBack = place !== 'start' && !source.hasPassed(owned.done, place);
    // Not a look at what is not run.
    if (isBack && reaction.replay === 'skip')
      await owned.save(place, reactionLedger(source, place, row && doneIn(row)));
    return {
      owned,
      progress: new EffectProgress(owned, source, row === undefined ? NONE_DONE : doneIn(row)),
      parked: await ParkedEffects.of(owned, { reaction, source, storage, types: byName, handlers }),
      reached: isBack && reaction.replay !== 'skip' ? place : undefined,
    };
  }

  async function deal(owned: OwnedLane, batch: Batch, interrupted: AbortSignal): Promise<void> {
    const { progress, parked, reached } = laneOf(owned);
    await parked.resolve();
    const isOfReplay = reached !== undefined && source.hasPassed(reached, batch.to);
    const isReplay = (record: SourceRecord): boolean => isOfReplay || progress.hadBefore(record);
    const isSettling = (record: SourceRecord): boolean => isSettlement(record) && !isReplay(record);
    const ofReplay = await parked.ofReplay(reaction.replay === 'skip' ? [] : batch.records.filter(isReplay));
    const isDue = (record: SourceRecord): boolean => {
      if (!handlers.has(record.type)) return false;
      // What was withheld and has no place was dealt with before.
      if (isSettling(record)) return parked.has(record);
      if (progress.has(record)) return false;
      return !isReplay(record) || (reaction.replay !== 'skip' && !ofReplay.wasNeverRun(record));
    };
    const due = batch.records.filter(isDue);
    if (due.length === 0 && !progress.isUnsaved) {
      const { to, ledger } = progress.beyond(batch);
      owned.passed(to, SAVE_SOON_MS, ledger);
      progress.passed(batch);
      return;
    }
    if (due.length > 0) await confirm(owned);
    progress.begin(batch);
    const run = {
      reaction,
      owned,
      handlers,
      recover: reaction.recovery.live ?? park(),
      isReplay,
      signal: interrupted,
      isParked: (record: SourceRecord) => parked.has(record),
      isKept: ofReplay.isKept,
      done: (record: SourceRecord) => progress.done(record),
    };
    for (const { records, settlement, isLast } of stretches(due, isSettling)) {
      const { putAside, obstacle } = await runEffects(records, run).catch(async (error: unknown) => {
        await progress.keep();
        throw error;
      });
      await progress.settled();
      if (obstacle === undefined && isLast) {
        const beyond = progress.beyond(batch);
        if (putAside.length > 0) await parked.park(putAside, beyond);
        else await owned.save(beyond.to, beyond.ledger);
        progress.passed(batch);
        return;
      }
      if (putAside.length > 0) {
        // In the very transaction that keeps them: said before, it would lose them.
        const records = putAside.map(({ record }) => record);
        await parked.park(putAside, progress.here(records));
        progress.kept(records);
      } else await progress.keep();
      if (obstacle !== undefined) throw obstacle as Error;
      if (settlement !== undefined) await parked.settle(settlement, progress.here());
    }
  }

  /**
   * Looks whether the lane is ours, right before something is done to the world: who was frozen, or sent back by {@link replay}, learns of it here, and not when the effect is
   * done and cannot be noted. Nothing is done that could not be noted now: the database has answered.
   * @throws {@link LaneLost}
   */
  async function confirm({ claim }: OwnedLane): Promise<void> {
    const row = (await checkpoints.list(id)).find(({ lane }) => lane === claim.lane);
    if (row?.epoch !== claim.epoch) throw new LaneLost(id, claim.lane);
  }
  /**
   * Where leases decide their renewal tells that a lane was sent back. Where the source gives lanes nobody else asks, and a quiet one would not be read again: so it is looked now and then, once
   * for all lanes.
   * @throws {@link LaneLost}
   */
  async function confirmNowAndThen({ claim }: OwnedLane): Promise<void> {
    if (source.ownership === 'leased') return;
    if (look === undefined || elapsedMs() - look.at >= CONFIRM_MS) {
      const rows = checkpoints.list(id);
      look = { at: elapsedMs(), rows };
      rows.catch(() => (look = undefined));
    }
    const row = (await look.rows).find(({ lane }) => lane === claim.lane);
    if (row !== undefined && row.epoch > claim.epoch) throw new LaneLost(id, claim.lane);
  }
  /** The lane is ours no more: maybe since {@link replay} has sent it back. */
  async function readAnewIfBack({ claim, saved }: OwnedLane): Promise<void> {
    if (!again.isReading() || saved === 'start') return;
    let rows: readonly Checkpoint[] = [];
    await persistently(async () => void (rows = await checkpoints.list(id)), ended.signal);
    const row = rows.find(({ lane }) => lane === claim.lane);
    if (row !== undefined && row.epoch > claim.epoch && !source.hasPassed(row.cursor, saved)) again.readAnew();
  }
  function laneOf({ claim }: OwnedLane): LaneOfEffects {
    return lanes.get(claim.lane) as LaneOfEffects;
  }
}

/** Until it is done; faults of servers are tried again for a while, any other is thrown at once. */
async function persistently(
  work: () => Promise<void>,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  for (let failures = 0; ;) {
    try {
      return await work();
    } catch (error) {
      failures += 1;
      if (recoveryOf(error) !== 'again' || failures > LOOKS) throw error;
      await pause(fullJitter(failures, AGAIN), signal);
    }
  }
}

function refusePrivate(reaction: AnyReaction, source: Source, storage: Storage): void {
  const isLog = source === storage.log || 'identity' in source;
  for (const on of isLog ? [] : reaction.handles) {
    if (!on.private) continue;
    throw new DefinitionError(
      'LF_EVENT_PRIVATE',
      `reaction ${reaction.name} handles ${on.type}, which is private and never leaves the log, but follows ${source.name}; let it follow the log`,
    );
  }
}
