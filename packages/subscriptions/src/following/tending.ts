import { pause } from './pause.ts';
import { recoveryOf } from './recovery.ts';
import type { OwnedLane } from './owned-lane.ts';
import type { Lane } from '../source.ts';

/** Between two looks at a lane that asked for nothing. */
const TEND_MS = 1_000;

/** What is done for a lane between its batches: answers whether there may be more of it. */
export type Tend = (owned: OwnedLane, signal: AbortSignal, interrupted: AbortSignal) => Promise<boolean>;

interface Tended {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** Work of a follower's own on its lanes, between their batches: about once a second, also when no batch comes, and at once while there is more. */
export class Tending {
  readonly #tend: Tend | undefined;
  readonly #lanes = new Map<Lane, Tended>();

  /** @param tend absent: nothing is ever done, no timer runs. */
  constructor(tend: Tend | undefined) {
    this.#tend = tend;
  }

  /** From now on the lane is tended, until it is lost or the signal aborts. */
  begin(owned: OwnedLane, signal: AbortSignal): void {
    if (this.#tend === undefined) return;
    const stop = new AbortController();
    const ended = this.#run(this.#tend, owned, AbortSignal.any([signal, stop.signal])).catch((error: unknown) => {
      // What is not transient was shown; whoever hands over the next batch finds the lane lost, and claims it anew.
      if (recoveryOf(error) === 'reclaim') owned.lose();
    });
    this.#lanes.set(owned.claim.lane, { stop, ended });
  }

  /** Nothing is done for the lane any more, and nothing is under way. */
  async end(lane: Lane): Promise<void> {
    const tended = this.#lanes.get(lane);
    this.#lanes.delete(lane);
    tended?.stop.abort(new DOMException(`lane ${lane} is not tended any more`, 'AbortError'));
    await tended?.ended;
  }
  async close(): Promise<void> {
    await Promise.all([...this.#lanes.keys()].map((lane) => this.end(lane)));
  }

  async #run(tend: Tend, owned: OwnedLane, signal: AbortSignal): Promise<void> {
    const interrupted = AbortSignal.any([signal, owned.lost]);
    // At once for the first time: whatever was begun or asked for before the lane was ours.
    for (let isMore = true; ;) {
      if (!isMore) await pause(TEND_MS, interrupted);
      isMore = await owned.hold(() => {
        interrupted.throwIfAborted();
        return tend(owned, signal, interrupted);
      });
    }
  }
}
