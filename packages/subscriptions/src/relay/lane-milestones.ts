import { InputInvalid } from '@leftfold/core';
import type { Claim } from '../checkpoints.ts';
import type { Milestone, Milestones, NewMilestone, PartitionReached } from '../milestones.ts';
import type { PartitionOutcome } from '../publisher.ts';
import { recoveryOf } from '../following/recovery.ts';
import type { RelayLedger } from './relay-ledger.ts';
import type { Cursor } from '../source.ts';
import type { LogIdentity } from '../storage.ts';

/** When milestones are written, and how long they are kept. */
export interface MilestoneOptions {
  /** At most one of a lane in this time, and none where nothing was published. 100 to 3,600,000, default 10,000. */
  readonly everyMs?: number;
  /** Older ones go; as long as the topics hold their records is enough. From 3,600,000; default: for ever, few of them. */
  readonly keepMs?: number;
}
const EVERY_MS = 10_000;
/** Milestones between two thinnings. */
const THIN_EVERY = 60;

/** @throws {@link InputInvalid} `LF_OPTION_OUT_OF_RANGE` */
export function checkMilestoneOptions({ everyMs = EVERY_MS, keepMs = Infinity }: MilestoneOptions): void {
  if (everyMs >= 100 && everyMs <= 3_600_000 && keepMs >= 3_600_000) return;
  throw new InputInvalid(
    'LF_OPTION_OUT_OF_RANGE',
    `milestones are written every ${everyMs} ms and kept ${keepMs} ms; it must be every 100 to 3600000 ms, and 3600000 at least`,
  );
}

/** What a lane's milestones are made of. */
export interface LaneMilestonesOptions extends MilestoneOptions {
  readonly milestones: Milestones;
  readonly claim: Claim;
  readonly identity: LogIdentity;
  /** How many lanes the log has: a lane owns the partitions whose number is its own, mod this. */
  readonly lanes: number;
  /** No more are written for this claim: no repetition would help, as where a right is missing. Not told of a lane that was lost. */
  readonly gaveUp?: (error: unknown) => void;
}

/** A confirmed window: where it ended, and the numbers after it. */
interface Reached {
  readonly cursor: Cursor;
  readonly ledger: RelayLedger;
}

/**
 * Writes the milestones of one lane, beside the windows: none of them waits for it, and none is lost when it fails. Offsets count once the window that they were
 * answered for is confirmed as a whole, so that no milestone leads a reader past a record of the window after it.
 */
export class LaneMilestones {
  readonly #options: LaneMilestonesOptions;
  #answered = new Map<string, bigint>();
  readonly #offsets = new Map<string, bigint>();
  #reached: Reached | undefined;
  #base: Promise<Milestone | undefined> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #written = 0;
  #isOver = false;

  constructor(options: LaneMilestonesOptions) {
    this.#options = options;
  }

  /** A part of a window is confirmed. */
  written(outcome: PartitionOutcome): void {
    if (outcome.kind === 'written' && outcome.nextOffset !== undefined)
      this.#answered.set(nameOf(outcome), outcome.nextOffset);
  }
  /** All of a window is confirmed, with what was sent since the last one. */
  reached(cursor: Cursor, ledger: RelayLedger): void {
    for (const [name, offset] of this.#answered) this.#offsets.set(name, offset);
    this.#answered.clear();
    this.#reached = { cursor, ledger };
    this.#writeLater();
  }
  /** Writes no more. Resolves when none is under way. */
  async close(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    await this.#writing;
  }

  #writeLater(): void {
    if (this.#timer !== undefined || this.#isOver) return;
    this.#timer = setTimeout(() => {
      this.#writing = this.#write().finally(() => {
        this.#timer = undefined;
        if (this.#reached !== undefined) this.#writeLater();
      });
    }, this.#options.everyMs ?? EVERY_MS);
  }
  /** Never rejects. */
  async #write(): Promise<void> {
    const { milestones, claim, keepMs } = this.#options;
    try {
      const base = await (this.#base ??= this.#last());
      const reached = this.#reached;
      if (reached === undefined || this.#isOver) return;
      const milestone = this.#milestone(reached, base);
      await milestones.write(claim, milestone);
      if (this.#reached === reached) this.#reached = undefined;
      if (this.#written++ % THIN_EVERY === 0) await milestones.thin(claim, keepMs === undefined ? {} : { keepMs });
    } catch (error) {
      // It is written at the next turn, with whatever was published meanwhile. A lane that is lost has no more of them.
      const recovery = recoveryOf(error);
      if (recovery === 'again') return;
      this.#isOver = true;
      if (recovery !== 'reclaim') this.#options.gaveUp?.(error);
    }
  }
  /** Where this lane's partitions stood when it changed hands: what is older than what is true now is true, too. */
  async #last(): Promise<Milestone | undefined> {
    const { milestones, claim, identity } = this.#options;
    const [last] = await milestones.list(claim.follower, claim.lane, { limit: 1 }).catch((error: unknown) => {
      this.#base = undefined;
      throw error;
    });
    return last?.log === identity.id ? last : undefined;
  }
  #milestone({ cursor, ledger }: Reached, base: Milestone | undefined): NewMilestone {
    const { identity, claim, lanes } = this.#options;
    const before = new Map(base?.partitions.map((one) => [nameOf(one), one.offset]));
    const partitions = Object.entries(ledger.topics).flatMap(([topic, { next: nexts }]) =>
      nexts.flatMap((next, partition): readonly PartitionReached[] => {
        if (partition % lanes !== Number(claim.lane)) return [];
        const name = nameOf({ topic, partition });
        return [{ topic, partition, next, offset: this.#offsets.get(name) ?? before.get(name) ?? 0n }];
      }),
    );
    return { log: identity.id, generation: identity.generation, cursor, partitions };
  }
}

const nameOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }): string =>
  `${topic}/${partition}`;
