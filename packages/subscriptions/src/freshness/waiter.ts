import type { FollowerId } from '../checkpoints.ts';
import { followerName } from './awaited-follower.ts';
import type { AwaitedWrite } from './awaited-write.ts';
import { NotYetApplied } from './freshness-errors.ts';
import type { AwaitedLog } from './awaited-log.ts';

/** Until a first look is back, however little time is given: an answer without any would be a guess. */
const LOOK_MS = 1_000;

/** Somebody who waits for one or several writes. */
export class Waiter {
  readonly promise: Promise<void>;
  /** What is not applied yet, or not known to be. */
  readonly open: Set<AwaitedWrite | AwaitedLog>;
  readonly #timeoutMs: number;
  readonly #settle: ReturnType<typeof Promise.withResolvers<void>> = Promise.withResolvers<void>();
  readonly #left: (waiter: Waiter) => void;
  readonly #signal: AbortSignal | undefined;
  #timer: NodeJS.Timeout;
  #isLookedAt = false;
  #isDue = false;
  #cause: unknown;

  /** @param left told when it waits no more */
  constructor(
    awaited: Iterable<AwaitedWrite | AwaitedLog>,
    {
      timeoutMs,
      signal,
      left,
    }: {
      readonly timeoutMs: number;
      readonly signal: AbortSignal | undefined;
      readonly left: (waiter: Waiter) => void;
    },
  ) {
    this.open = new Set(awaited);
    this.promise = this.#settle.promise;
    this.#timeoutMs = timeoutMs;
    this.#left = left;
    this.#signal = signal;
    this.#timer = setTimeout(() => this.#due(), timeoutMs);
    signal?.addEventListener('abort', this.#aborted);
  }

  get followers(): readonly FollowerId[] {
    const ids = [...this.open].map(({ follower }) => follower.id);
    return [...new Map(ids.map((id) => [followerName(id), id])).values()];
  }

  /** What was applied is done with. */
  applied(one: AwaitedWrite | AwaitedLog): void {
    this.open.delete(one);
    if (this.open.size === 0) this.#end(() => this.#settle.resolve());
  }
  /** A look is over; what is still open was not applied by it. @param cause why it failed, if it did */
  lookedAt(cause?: unknown): void {
    this.#isLookedAt = true;
    this.#cause = cause;
    if (this.#isDue) this.#giveUp();
  }
  reject(error: unknown): void {
    this.#end(() => this.#settle.reject(error));
  }

  readonly #aborted = (): void => this.reject(this.#signal?.reason);

  #due(): void {
    this.#isDue = true;
    if (this.#isLookedAt) this.#giveUp();
    else this.#timer = setTimeout(() => this.#giveUp(), LOOK_MS);
  }
  #giveUp(): void {
    this.reject(new NotYetApplied(this.followers, this.#timeoutMs, { cause: this.#cause }));
  }
  #end(settle: () => void): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#aborted);
    this.#left(this);
    settle();
  }
}
