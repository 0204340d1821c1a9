import { caughtUp } from './caught-up.ts';
import { keepingClock } from '../clock.ts';
import { LaneLost, type Checkpoints, type FollowerId } from '../checkpoints.ts';
import { DealtPlaces } from './dealt-places.ts';
import { FollowerLog } from '../observation/follower-log.ts';
import { FollowerMetrics } from '../observation/follower-metrics.ts';
import { harmlessLogger, harmlessMetrics } from '../observation/harmless.ts';
import { LaneClaims } from './lane-claims.ts';
import { joinDivision } from './lane-division.ts';
import type { Logger } from '../observation/logger.ts';
import { kindOf } from '../projection/source-moved.ts';
import type { Metrics } from '../observation/metrics.ts';
import type { OwnedLane } from './owned-lane.ts';
import { ownerName } from './owner-name.ts';
import { recoveryOf } from './recovery.ts';
import type { Running } from './running.ts';
import type { Batch, Lane, Reader, Source, SourceRecord } from '../source.ts';
import { StatusBoard } from './status-board.ts';
import { Tending } from './tending.ts';
import { untilDone, type Work } from './until-done.ts';

/** What every follower can be told. */
export interface FollowerOptions {
  /** Aborting it is {@link Running.stop}. */
  readonly signal?: AbortSignal;
  /** Names this process in the checkpoints. One owner can always claim again what it had. Default: host, process id and a random part. */
  readonly owner?: string;
  /** How long a lane stays ours without a sign of life, where the source leaves it to leases. 1,000 to 300,000, default 5,000. */
  readonly leaseMs?: number;
  /** Where numbers go. Default: nowhere. */
  readonly metrics?: Metrics;
  /** Where lines go. Default: nowhere. */
  readonly logger?: Logger;
}
/** Renewed each half: 0.4 transaction ids a second for a process, so two processes stay below the one that an idle service may draw; who dies is replaced within half the ten seconds that a take-over may cost. */
const LEASE_MS = 5_000;

/** What makes a follower of its own: the two loops differ in this alone. */
export interface Follower<R extends SourceRecord> {
  readonly id: FollowerId;
  readonly source: Source<R>;
  readonly checkpoints: Checkpoints;
  /** All that it looks at. A source that is no log hands over the others as well. */
  readonly only?: Reader['only'];
  /** A lane was claimed; nothing of it has been read. */
  open(owned: OwnedLane): Promise<void>;
  /**
   * Deals with a batch: afterwards its place is saved, or noted in `owned`. May be called again with the same batch after a fault.
   * @param interrupted aborts when waiting makes no sense any more: at a stop, when the lane is lost.
   */
  deal(owned: OwnedLane, batch: Batch<R>, interrupted: AbortSignal): Promise<void>;
  /**
   * Work on a lane between its batches, about once a second, also when none comes, and at once while it answers true. A fault is recovered from as of a batch.
   * Absent: none.
   */
  tend?(owned: OwnedLane, interrupted: AbortSignal): Promise<boolean>;
  /** It takes marked records: see {@link Reader.marks}. */
  readonly marks?: true;
  /** What a reader is asked before it stops at a withheld event. */
  readonly settled?: NonNullable<Reader['settled']>;
  /** Lets go of what belongs to a lane, or to all. */
  close?(lane?: Lane): Promise<void>;
}

/** Runs a follower: claims, recovery, status and stop, the same for both loops. */
export function startFollower<R extends SourceRecord>(follower: Follower<R>, options: FollowerOptions): Running {
  const { id, source, checkpoints } = follower;
  const { owner = ownerName(), leaseMs = LEASE_MS } = options;
  const board = new StatusBoard({ ...id, source: source.name });
  watch(board, options);
  const isLeased = source.ownership === 'leased';
  /** What the source last said of a lane and did not take back: it shows until then, though the lane is claimed anew for each attempt. */
  const faults = new Map<Lane, unknown>();
  const claims = new LaneClaims({
    checkpoints,
    follower: id,
    owner,
    leaseMs,
    respectLease: isLeased,
    board,
    gaveBack: (lane) => void follower.close?.(lane).catch(() => {}),
  });
  const dealt = new DealtPlaces({ id, kind: kindOf(source), checkpoints, claims, board });
  const work = (lane: Lane, signal: AbortSignal, interrupted: AbortSignal): Work => ({
    follower: id,
    lane,
    board,
    signal,
    interrupted,
    giveBack: (given) => claims.standStill(given),
    // Whoever holds a lease keeps newer code away, so it is given back while we wait; a source that assigns lanes decides itself.
    afterWait: isLeased ? 'reclaim' : 'again',
  });

  const tending = new Tending(
    follower.tend &&
      (async (owned, signal, interrupted) => {
        const { lane } = owned.claim;
        const isMore = await untilDone(
          work(lane, signal, interrupted),
          async () => (await follower.tend?.(owned, interrupted)) ?? false,
        );
        if (board.lane(lane)?.state === 'retrying' && !faults.has(lane)) board.set(lane, 'following');
        await claims.afterTending(lane);
        return isMore;
      }),
  );

  const reader: Reader<R> = {
    // Two versions of one projection, side by side in a rolling deploy, each need every lane.
    name: `${id.name}-v${id.version}`,
    ...(follower.only && { only: follower.only }),
    ...(follower.settled && { settled: follower.settled }),
    ...(follower.marks && { marks: true }),
    from: keepingClock(async (lane, signal) => {
      await tending.end(lane);
      const owned = await untilDone(work(lane, signal, signal), async () => {
        const claimed = await claims.obtain(lane, signal);
        await follower.open(claimed);
        if (source.division) await joinDivision(source.division, claimed, checkpoints, signal);
        return claimed;
      });
      if (faults.has(lane)) board.showAgain(lane, 'retrying', faults.get(lane));
      else if (board.lane(lane)?.state !== 'waiting') board.set(lane, 'following');
      tending.begin(owned, signal);
      return owned.done;
    }),
    handle: keepingClock(async (batch, signal) => {
      const owned = claims.get(batch.lane);
      // A batch that does not begin where the last one ended would be skipped over in silence: the moves are from place to place.
      if (!owned || owned.isLost || batch.from !== owned.done) throw new LaneLost(id, batch.lane);
      const interrupted = owned.bound(signal);
      const began = performance.now();
      try {
        await owned.hold(() =>
          untilDone(work(batch.lane, signal, interrupted), () => follower.deal(owned, batch, interrupted)),
        );
      } catch (error) {
        if (recoveryOf(error) === 'reclaim') owned.lose();
        throw error;
      }
      // What was dealt with just before the lane was lost is not a sign that we have it.
      if (owned.isLost) return;
      faults.delete(batch.lane);
      board.handled(batch.lane, batch.records.length, performance.now() - began);
      dealt.moved(owned);
      // Held, since nothing may be under way on the lane when it is given back.
      await owned.hold(() => claims.betweenBatches(batch.lane));
    }),
    faulted: (lane, error, retryMs) => {
      if (lane === undefined) return board.source(error);
      board.set(lane, retryMs === null ? 'stopped' : 'retrying', error);
      if (retryMs === null) void claims.standStill(lane);
      else faults.set(lane, error);
    },
    recovered: (lane) => {
      if (lane === undefined) return board.source(undefined);
      faults.delete(lane);
      if (board.lane(lane)?.state === 'retrying') board.set(lane, 'following');
    },
    lost: (lane) => {
      claims.lose(lane);
      dealt.forget(lane);
      faults.delete(lane);
      board.left(lane, 'lost');
      board.forget(lane);
      void follower.close?.(lane).catch(() => {});
    },
  };

  const halt = new AbortController();
  const ended = source
    .run(reader, halt.signal)
    .catch((error: unknown) => {
      if (!halt.signal.aborted) board.source(error);
    })
    .then(async () => {
      board.ended();
      await tending.close();
      await claims.close();
      await follower.close?.();
    })
    .catch(() => {});
  const stop = async (): Promise<void> => {
    halt.abort(new DOMException(`${id.name} was told to stop`, 'AbortError'));
    await ended;
  };
  if (options.signal?.aborted) void stop();
  options.signal?.addEventListener('abort', () => void stop(), { once: true, signal: halt.signal });
  return {
    status: () => board.snapshot(),
    onChange: (listener) => board.onChange(listener),
    caughtUp: (how) => caughtUp({ source, checkpoints, follower: id, claims, board }, how),
    stop,
  };
}

/** Lets metrics and log hear of what happens, where they are wanted. */
function watch(board: StatusBoard, { metrics, logger }: FollowerOptions): void {
  const follower = board.snapshot();
  if (metrics) {
    const counted = new FollowerMetrics(harmlessMetrics(metrics), follower);
    board.onChange((change) => counted.on(change));
  }
  if (logger) {
    const said = new FollowerLog(harmlessLogger(logger), follower);
    board.onChange((change) => said.on(change));
  }
}
