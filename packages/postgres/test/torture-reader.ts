import type { EventId } from '@leftfold/core';
import type { Cursor, Log, LogRecord } from '@leftfold/subscriptions';
import type { Random } from './random.ts';

/**
 * A follower that keeps its place in memory, saves it only now and then, and again and again falls back to the saved one: what it had got since then it
 * forgets. So what it holds in the end was handed out exactly once, if the log keeps its promise.
 */
export class TortureReader {
  readonly #log: Log;
  readonly #random: Random;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #got: LogRecord[] = [];
  readonly #pages: { readonly at: Cursor; readonly ids: readonly EventId[] }[] = [];
  #saved: { readonly cursor: Cursor | 'start'; readonly count: number } = { cursor: 'start', count: 0 };
  #done: Cursor | 'start' = 'start';
  #isCalm = false;
  #pause: { readonly isPaused: () => void; readonly over: Promise<void> } | undefined;
  restarts = 0;

  constructor(log: Log, random: Random) {
    this.#log = log;
    this.#random = random;
    this.#running = this.#run();
  }

  get got(): readonly LogRecord[] {
    return this.#got;
  }
  /** Pages as they were handed out, with the place that pins each. */
  get pages(): readonly { readonly at: Cursor; readonly ids: readonly EventId[] }[] {
    return this.#pages;
  }

  /** True when what it has got reaches the head. */
  hasPassed(head: Cursor): boolean {
    return this.#log.hasPassed(this.#done, head);
  }
  /** From now on it does not fall back any more. */
  calm(): void {
    this.#isCalm = true;
  }
  /**
   * Falls back to its saved place at the next batch, and reads nothing from then on until `resume` is called.
   * @returns when it has come to rest
   */
  pause(): { readonly atRest: Promise<void>; readonly resume: () => void } {
    const rest = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    this.#pause = { isPaused: rest.resolve, over: over.promise };
    return { atRest: rest.promise, resume: over.resolve };
  }
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #run(): Promise<void> {
    return this.#log.run(
      {
        name: 'torture',
        from: async () => {
          this.#pause?.isPaused();
          await this.#pause?.over;
          this.#pause = undefined;
          this.#got.length = this.#saved.count;
          this.#done = this.#saved.cursor;
          return this.#saved.cursor;
        },
        handle: async ({ records, at, to }) => {
          if (this.#pause !== undefined) throw new Error('a reader that pauses');
          this.#got.push(...records);
          if (records.length > 0 && this.#random.below(10) === 0)
            this.#pages.push({ at, ids: records.map(({ id }) => id) });
          if (!this.#isCalm && this.#random.below(8) === 0) {
            this.restarts += 1;
            throw new Error('a reader that starts again');
          }
          this.#done = to;
          if (this.#random.below(3) === 0) this.#saved = { cursor: to, count: this.#got.length };
        },
        faulted: () => undefined,
      },
      this.#stop.signal,
    );
  }
}
