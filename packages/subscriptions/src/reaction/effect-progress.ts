import type { Json } from '@leftfold/core';
import type { OwnedLane } from '../following/owned-lane.ts';
import { doneIn, reactionLedger, streamKey, type DoneVersions } from './reaction-ledger.ts';
import type { Batch, Cursor, Source, SourceRecord } from '../source.ts';

/** While a batch takes longer, what is done of it is saved so often: as much as a crash repeats. */
const SAVE_MS = 200;

/** Where a lane is moved, and what is kept beside its place. */
export interface LaneMove {
  readonly to: Cursor;
  readonly ledger: Json;
}

/** How far the effects of one lane are: what is done beyond its saved place. */
export class EffectProgress {
  readonly #owned: OwnedLane;
  readonly #source: Pick<Source, 'name'>;
  readonly #earlier: DoneVersions;
  #done: Map<string, bigint>;
  #savedAt: number = performance.now();
  #isNew = false;
  #saving: Promise<void> = Promise.resolve();
  #isSaving = false;
  #here: Cursor | undefined;

  /** @param earlier what had been done beyond the place that was reached before the lane was told to go back */
  constructor(owned: OwnedLane, source: Pick<Source, 'name'>, earlier: DoneVersions) {
    this.#owned = owned;
    this.#source = source;
    this.#earlier = earlier;
    this.#done = new Map(doneIn(owned.claim));
  }

  /** Whether the event is dealt with already. */
  has(record: SourceRecord): boolean {
    return isIn(this.#done, record);
  }
  /** Whether anything is done that is not saved. */
  get isUnsaved(): boolean {
    return this.#isNew;
  }
  /** Whether its effect was done before the lane was told to go back, though beyond the place that was reached. */
  hadBefore(record: SourceRecord): boolean {
    return isIn(this.#earlier, record);
  }
  /** What is done from now on belongs to this batch. */
  begin({ from, at }: Batch): void {
    this.#here = from === 'start' ? at : from;
    this.#savedAt = performance.now();
  }
  done(record: SourceRecord): void {
    this.#done.set(streamKey(record), record.streamVersion);
    this.#isNew = true;
    if (!this.#isSaving && performance.now() - this.#savedAt >= SAVE_MS) void this.#save();
  }

  /** Where a move of this lane ends that stays at its place, and what is to stand beside it. @param records dealt with by that move, in the order of their streams */
  here(records: readonly SourceRecord[] = []): LaneMove {
    const to = this.#here as Cursor;
    return { to, ledger: reactionLedger(this.#source, to, new Map([...this.#done, ...versionsOf(records)])) };
  }
  /** What {@link here} was told is saved. */
  kept(records: readonly SourceRecord[]): void {
    for (const [key, version] of versionsOf(records)) this.#done.set(key, version);
    this.#isNew = false;
  }
  /** Where a move of this lane ends that passes the batch, and what is to stand beside it. */
  beyond({ to, records }: Batch): LaneMove {
    return { to, ledger: reactionLedger(this.#source, to, this.#doneBeyond(records)) };
  }
  /** The lane has passed the batch: to be called once that is certain, since what is forgotten is done again. */
  passed({ records }: Batch): void {
    this.#done = this.#doneBeyond(records);
    this.#isNew = false;
  }

  /** What the batch does not reach: a source may cut smaller ones than before a crash. */
  #doneBeyond(records: readonly SourceRecord[]): Map<string, bigint> {
    const beyond = new Map(this.#done);
    for (const record of beyond.size === 0 ? [] : records) {
      if ((beyond.get(streamKey(record)) ?? 0n) <= record.streamVersion) beyond.delete(streamKey(record));
    }
    return beyond;
  }

  /** No save is under way any more. */
  async settled(): Promise<void> {
    await this.#saving;
  }
  /** Saves what is done of the batch, if anything. A fault ends here: then it is done again. */
  async keep(): Promise<void> {
    await this.#saving;
    if (this.#isNew) await this.#save();
  }

  #save(): Promise<void> {
    this.#isSaving = true;
    this.#isNew = false;
    const { to, ledger } = this.here();
    this.#saving = this.#owned
      .save(to, ledger)
      .catch(() => void (this.#isNew = true))
      .then(() => {
        this.#isSaving = false;
        this.#savedAt = performance.now();
      });
    return this.#saving;
  }
}

const versionsOf = (records: readonly SourceRecord[]): readonly (readonly [string, bigint])[] =>
  records.map((record) => [streamKey(record), record.streamVersion]);
const isIn = (versions: DoneVersions, record: SourceRecord): boolean =>
  versions.size > 0 && record.streamVersion <= (versions.get(streamKey(record)) ?? 0n);
