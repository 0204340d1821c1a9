import { isDeepStrictEqual } from 'node:util';
import type { FollowerId } from '../checkpoints.ts';
import { WHOLE_SOURCE, type Conditions, type LaneCondition } from '../conditions.ts';
import type { LaneFault, LaneStatus, LaneTrouble } from '../following/status.ts';
import type { Lane } from '../source.ts';
import type { FollowerChange } from './follower-change.ts';
import { codeLabel } from './metric-names.ts';

/** What is over within this time is not noted at all; and no lane is noted more often. */
const NOTE_MS = 1_000;
/** While the same lasts: only the number of attempts differs. */
const NOTE_AGAIN_MS = 30_000;
/** After a fault of the store. */
const AGAIN_MS = 5_000;

type Condition = Omit<LaneCondition, 'notedAt'>;
/** What is noted of a lane, as far as this process knows: `'unknown'` where another owner may have noted something. */
interface Noted {
  readonly condition: Condition | undefined | 'unknown';
  readonly at: number;
}
const unknown = (): Noted => ({ condition: 'unknown', at: -Infinity });

/**
 * Keeps {@link Conditions} as the lanes of one follower are in this process. A lane that follows is written once after each claim, in case its owner before noted something; after that one that is well
 * costs nothing.
 */
export class NotedConditions {
  readonly #conditions: Conditions;
  readonly #follower: FollowerId;
  readonly #owner: string;
  /** Of the source it is said with the first that is said of a lane, in case whoever had this name before noted something. */
  readonly #wanted = new Map<Lane, Condition | undefined>([[WHOLE_SOURCE, undefined]]);
  readonly #noted = new Map<Lane, Noted>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isOver = false;
  #isAway = false;

  constructor(conditions: Conditions, follower: FollowerId, owner: string) {
    this.#conditions = conditions;
    this.#follower = follower;
    this.#owner = owner;
  }

  on(change: FollowerChange): void {
    if (change.kind === 'claimed') this.#noted.set(change.lane, unknown());
    if (change.kind === 'lane') this.#want(change.lane, change.status);
    if (change.kind === 'source') this.#wantSource(change.fault);
    if (change.kind === 'lost' || change.kind === 'forgotten') this.#wanted.delete(change.lane);
  }
  /** Writes what is still to be written, if the store answers, and nothing after that. Never rejects. */
  async close(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    await this.#writing;
    if (!this.#isAway) await this.#write().catch(() => undefined);
  }

  #want(lane: Lane, { state, fault, trouble }: LaneStatus): void {
    // Who waits for a lane of another's says nothing of it.
    if (state === 'claiming') return;
    this.#put(
      lane,
      state === 'following' || fault === undefined ? undefined : this.#condition(lane, state, fault, trouble),
    );
  }
  #wantSource(fault: LaneFault | undefined): void {
    const { since, failures } = this.#wanted.get(WHOLE_SOURCE) ?? { since: new Date(), failures: 0 };
    const trouble = { since, failures: failures + 1 };
    this.#put(WHOLE_SOURCE, fault && this.#condition(WHOLE_SOURCE, 'retrying', fault, trouble));
  }
  #condition(lane: Lane, state: LaneCondition['state'], fault: LaneFault, trouble?: LaneTrouble): Condition {
    const { since = new Date(), failures = 0 } = trouble ?? {};
    const event = fault.event && { event: fault.event };
    return { lane, state, code: codeLabel(fault), ...event, since, failures, owner: this.#owner };
  }
  #put(lane: Lane, condition: Condition | undefined): void {
    this.#wanted.set(lane, condition);
    if (this.#isDue(lane, condition)) this.#writeSoon(NOTE_MS);
  }
  #isDue(lane: Lane, wanted: Condition | undefined): boolean {
    const { condition: noted, at } = this.#noted.get(lane) ?? unknown();
    if (noted === 'unknown' || noted === undefined || wanted === undefined) return noted !== wanted;
    if (!isDeepStrictEqual({ ...noted, failures: 0 }, { ...wanted, failures: 0 })) return true;
    return wanted.failures !== noted.failures && performance.now() - at >= NOTE_AGAIN_MS;
  }
  #writeSoon(ms: number): void {
    if (this.#timer !== undefined || this.#isOver) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // One after the other: of two under way at once the older could have the last word, for ever.
      this.#writing = this.#writing
        .then(() => this.#write())
        .then(
          () => void (this.#isAway = false),
          () => {
            // Nothing can be noted; that the store is away shows in the lag, which nobody can measure.
            this.#isAway = true;
            this.#writeSoon(AGAIN_MS);
          },
        );
    }, ms).unref();
  }
  async #write(): Promise<void> {
    const due = [...this.#wanted].filter(([lane, condition]) => this.#isDue(lane, condition));
    const ill = due.flatMap(([, condition]) => condition ?? []);
    const well = due.flatMap(([lane, condition]) => (condition === undefined ? [lane] : []));
    const [follower, at] = [this.#follower, performance.now()];
    // Until the answer has come nobody knows what stands there; and if the lane is claimed anew meanwhile, afterwards neither.
    const open = due.map(([lane, condition]) => [lane, condition, unknown()] as const);
    for (const [lane, , noted] of open) this.#noted.set(lane, noted);
    if (ill.length > 0) await this.#conditions.note(follower, ill);
    if (well.length > 0) await this.#conditions.clear(follower, well, this.#owner);
    for (const [lane, condition, noted] of open)
      if (this.#noted.get(lane) === noted) this.#noted.set(lane, { condition, at });
  }
}
