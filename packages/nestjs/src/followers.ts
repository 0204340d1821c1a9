import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { FollowerStatus, Running } from '@leftfold/subscriptions';

/** One follower of this process, running or not yet. */
export interface NamedFollower {
  readonly name: string;
  readonly running: Running;
}

/**
 * Starts what this process follows when the application is up, and drains it before it goes down: batches end, checkpoints are saved, leases given back,
 * while the connections still work. Whoever made the pool closes it in `onApplicationShutdown`, which comes after.
 *
 * Why these hooks: handlers of the command bus are bound only in the bootstrap hook; and of the shutdown hooks `beforeApplicationShutdown` is
 * the last one before HTTP closes and the first in which no module has been torn down.
 */
export class Followers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #start: () => readonly Promise<NamedFollower>[];
  #starting: Promise<unknown> = Promise.resolve();
  #started: readonly NamedFollower[] = [];

  /** @param start begins to start each follower; one that fails fails the start of the application. */
  constructor(start: () => readonly Promise<NamedFollower>[]) {
    this.#start = start;
  }

  /** Rejects with the first reason when a follower cannot start; those that could are stopped again. */
  async onApplicationBootstrap(): Promise<void> {
    const starting = Promise.allSettled(this.#start());
    this.#starting = starting;
    const outcomes = await starting;
    this.#started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) {
      await this.#stop();
      throw failed.reason;
    }
  }

  /** Also of what is only just starting. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#starting;
    await this.#stop();
  }

  async #stop(): Promise<void> {
    await Promise.all(this.#started.map(({ running }) => running.stop()));
  }

  /** What runs here. */
  get all(): readonly NamedFollower[] {
    return this.#started;
  }
  /** Where each stands. */
  status(): readonly FollowerStatus[] {
    return this.#started.map(({ running }) => running.status());
  }
}
