import { Logger } from '@nestjs/common';
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
  readonly #log = new Logger('Leftfold');
  readonly #start: () => Promise<readonly NamedFollower[]>;
  #started: readonly NamedFollower[] = [];

  constructor(start: () => Promise<readonly NamedFollower[]>) {
    this.#start = start;
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#started = await this.#start();
    for (const { name } of this.#started) this.#log.log(`${name} follows`);
  }

  async beforeApplicationShutdown(): Promise<void> {
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
