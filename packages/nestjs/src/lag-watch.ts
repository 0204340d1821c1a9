import { observeLag } from '@leftfold/subscriptions';
import type { FollowerLag, FollowerOptions, LagObserver, Measured, Storage } from '@leftfold/subscriptions';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { nestLogger } from './nest-logger.ts';
import type { LeftfoldOptions } from './options.ts';

/** What every follower of an application is watched by. */
export const watchedBy = ({ metrics, logger }: LeftfoldOptions): Pick<FollowerOptions, 'metrics' | 'logger'> => ({
  logger: logger ?? nestLogger(),
  ...(metrics && { metrics }),
});

/** A lag that was measured longer ago says nothing of now. By how often it is measured: many followers are measured seldom each. */
const OLD = { leastMs: 60_000, times: 3 };

/** Measures the lag of followers while the application is up. What it says when it is asked is the latest measurement: nobody who asks waits for a server. */
export class LagWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #options: LeftfoldOptions;
  readonly #measured: () => readonly Measured[];
  #observer: LagObserver | undefined;

  /** @param measured asked once, at bootstrap */
  constructor(options: LeftfoldOptions, measured: () => readonly Measured[]) {
    this.#options = options;
    this.#measured = measured;
  }

  onApplicationBootstrap(): void {
    const { storage, lag = {} } = this.#options;
    if (lag !== false) this.#observer = observeLag(storage, this.#measured(), { ...watchedBy(this.#options), ...lag });
  }
  /** Waits for nothing: a server that does not answer must not keep the process, and what is measured now nobody will ask for. */
  beforeApplicationShutdown(): void {
    void this.#observer?.stop();
  }

  /** Where they are. */
  get storage(): Storage {
    return this.#options.storage;
  }
  /** Whether so many regular times have passed since that nobody could measure, or none can. */
  isOld({ measuredAt }: FollowerLag): boolean {
    const { everyMs = 0 } = this.#observer ?? {};
    return Date.now() - measuredAt.getTime() > Math.max(OLD.leastMs, OLD.times * everyMs);
  }
  /** Of each follower the latest, which says when it was made; none before the first. */
  latest(): readonly FollowerLag[] {
    return this.#observer?.latest() ?? [];
  }
}
