import type { Progress } from '../progress.ts';
import { followerName } from './awaited-follower.ts';
import type { AwaitedLog } from './awaited-log.ts';
import { AwaitedWrite } from './awaited-write.ts';
import { WriteParked } from './freshness-errors.ts';
import type { Waiter } from './waiter.ts';

/** Applied by their places, but by followers that have parked something: it may be just that. */
export class ParkedWrites {
  readonly #progress: Progress;
  readonly #asked: { readonly waiter: Waiter; readonly one: AwaitedWrite | AwaitedLog }[] = [];

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  /** Files what is to be asked for. */
  ask(waiter: Waiter, one: AwaitedWrite | AwaitedLog): void {
    this.#asked.push({ waiter, one });
  }
  /** Asks once for each follower, and tells whoever waits. @throws as the storage does while it is away */
  async settle(): Promise<void> {
    for (const asked of Map.groupBy(this.#asked, ({ one }) => followerName(one.follower.id)).values()) {
      const [{ one: first }] = asked as [(typeof asked)[number]];
      const { id } = first.follower;
      const writes = asked.flatMap(({ one }) => (one instanceof AwaitedWrite ? [one.written.transaction] : []));
      const parked = writes.length === 0 ? new Set() : await this.#progress.parked(id, [...new Set(writes)]);
      for (const { waiter, one } of asked) {
        // What a whole log holds of parked events is not asked: whether the write is among them is not known then, and it must not be called applied.
        if (one instanceof AwaitedWrite && !parked.has(one.written.transaction)) waiter.applied(one);
        else waiter.reject(new WriteParked([id]));
      }
    }
  }
}
