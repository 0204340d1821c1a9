import { InputInvalid } from '@leftfold/core';
import type { FollowerId } from '../checkpoints.ts';
import { followerLag, type FollowerLag, type LagOptions } from './follower-lag.ts';
import { harmlessLogger, harmlessMetrics } from './harmless.ts';
import type { Logger } from './logger.ts';
import { codeLabel, LAG_EVENTS, LAG_FAILURES, LAG_MEASURED, LAG_SECONDS } from './metric-names.ts';
import type { Metrics } from './metrics.ts';
import { pause } from '../following/pause.ts';
import { RateLimit } from './rate-limit.ts';
import type { ReactionFollower } from '../reaction/reaction.ts';
import type { Source } from '../source.ts';
import type { Storage } from '../storage.ts';

/** Whose lag is measured, and against what. */
export interface Measured {
  /** {@link RELAY}, a projection, or a reaction by its {@link reactionFollower}. */
  readonly follower: FollowerId | ReactionFollower;
  /** What it follows. Default: the log. */
  readonly from?: Source;
}
/** How lag is measured, again and again. */
export interface ObserveLagOptions extends Pick<LagOptions, 'atMost'> {
  /** Between two measurements. 100 to 3,600,000, default 10,000 for each follower that is measured. */
  readonly everyMs?: number;
  readonly metrics?: Metrics;
  readonly logger?: Logger;
  /** Aborting it is {@link LagObserver.stop}. */
  readonly signal?: AbortSignal;
}
/** What measures lag, again and again. */
export interface LagObserver {
  /** Between two measurements. */
  readonly everyMs: number;
  /** The latest measurement of each follower, in the order given; of one that was never measured, none. Each says when it was made. */
  latest(): readonly FollowerLag[];
  /** Measures all now, besides the regular times; resolves when it is done or has failed. */
  measure(): Promise<void>;
  /** No measurement begins any more; resolves when the one under way has ended. Idempotent. */
  stop(): Promise<void>;
}

/** An idle process with thirty projections is to stay one, and with three. */
const EACH_MS = 10_000;
const SAY_AGAIN_MS = 60_000;

/**
 * Measures the lag of followers now and every `everyMs`, for metrics and for health. In any process: that of the follower, of an API, or an exporter of its own, which goes on
 * when the follower is dead (hazard C12). A measurement that fails is counted and said, once a minute; the gauges keep their value meanwhile, and {@link LAG_MEASURED} tells its age.
 *
 * Costs, per measurement: a statement for the checkpoints of each follower, two of a reaction that begins from now; one for each place at which its lanes stand, mostly one.
 *
 * @throws {@link InputInvalid} `LF_OPTION_OUT_OF_RANGE`
 */
export function observeLag(
  storage: Pick<Storage, 'log' | 'checkpoints'>,
  followers: readonly Measured[],
  options: ObserveLagOptions = {},
): LagObserver {
  const { everyMs = Math.max(1, followers.length) * EACH_MS, signal, atMost } = options;
  if (!(everyMs >= 100 && everyMs <= 3_600_000))
    throw new InputInvalid('LF_OPTION_OUT_OF_RANGE', `everyMs is ${everyMs}; it is from 100 to 3600000`);
  const metrics = options.metrics && harmlessMetrics(options.metrics);
  const logger = options.logger && harmlessLogger(options.logger);
  const limit = new RateLimit(SAY_AGAIN_MS);
  const latest = new Map<Measured, FollowerLag>();
  const failing = new Set<Measured>();
  const halt = new AbortController();
  let measuring: Promise<void> = Promise.resolve();

  const measure = async (): Promise<void> => {
    for (const measured of followers) if (!halt.signal.aborted) await measureOne(measured);
  };
  const inTurn = (): Promise<void> => (measuring = measuring.then(measure));
  const measureOne = async (measured: Measured): Promise<void> => {
    const { follower, from } = measured;
    const of = { follower: follower.name, version: String(follower.version) };
    try {
      const lag = await followerLag(storage, follower, {
        ...(from && { from }),
        ...(atMost !== undefined && { atMost }),
      });
      latest.set(measured, lag);
      for (const { lane, events, oldestMs } of lag.lanes) {
        metrics?.set(LAG_EVENTS, events, { ...of, lane });
        if (oldestMs !== undefined) metrics?.set(LAG_SECONDS, oldestMs / 1_000, { ...of, lane });
      }
      metrics?.set(LAG_MEASURED, lag.measuredAt.getTime() / 1_000, of);
      if (failing.delete(measured))
        logger?.info(`the lag of ${follower.name} version ${follower.version} is measured again`, of);
    } catch (error) {
      if (halt.signal.aborted) return;
      const code = codeLabel(error);
      metrics?.add(LAG_FAILURES, 1, { ...of, code });
      const suppressed = limit.pass(`${follower.name} ${follower.version} ${code}`);
      if (suppressed === undefined) return;
      failing.add(measured);
      logger?.warn(`the lag of ${follower.name} version ${follower.version} cannot be measured: ${saying(error)}`, {
        ...of,
        code,
        ...(suppressed > 0 && { suppressed }),
      });
    }
  };

  const repeating = (async () => {
    while (!halt.signal.aborted) {
      await inTurn();
      await pause(everyMs, halt.signal).catch(() => undefined);
    }
  })();
  const stop = async (): Promise<void> => {
    halt.abort();
    await repeating;
    await measuring;
  };
  if (signal?.aborted === true) void stop();
  signal?.addEventListener('abort', () => void stop(), { once: true, signal: halt.signal });
  return {
    everyMs,
    latest: () => followers.flatMap((measured) => latest.get(measured) ?? []),
    measure: inTurn,
    stop,
  };
}

/** Our own words alone: another's text may hold what no log should. */
const saying = (error: unknown): string =>
  codeLabel(error) === 'other'
    ? 'an error that is none of Leftfold'
    : `${codeLabel(error)} ${(error as Error).message}`;
