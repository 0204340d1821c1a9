import type { Applier } from '../dealing/applier.ts';
import { AtEvent } from '../following/at-event.ts';
import { BatchLeft } from '../dealing/batch-left.ts';
import { dealBatch } from '../dealing/deal-batch.ts';
import { DealtEvent } from '../dealing/dealt-event.ts';
import { drainKey, refuseNewer } from '../parking/drain-key.ts';
import { HeldKeys } from '../parking/held-keys.ts';
import type { OneCategory } from './one-category.ts';
import { SAVE_SOON_MS, type OwnedLane } from '../following/owned-lane.ts';
import type { ParkedKey } from '../parked.ts';
import type { ProjectorTerms } from './projector-terms.ts';
import type { Batch, Cursor } from '../source.ts';

/** How long a key is left alone whose events cannot be had now, or are newer than this code. */
const LATER_MS = 5_000;

/** A lane of a projector as long as one claim of it lasts: its batches, and what is parked of it. */
export class ProjectorLane {
  readonly #owned: OwnedLane;
  readonly #terms: ProjectorTerms;
  readonly #categories: OneCategory | undefined;
  readonly #applier: Applier;
  readonly #held: HeldKeys;
  /** A key of which it is not known whether it was drained: the answer to the commit was lost. */
  #uncertain: ParkedKey | undefined;
  readonly #later = new Map<string, number>();
  /** The batch that is being dealt with. */
  #left: BatchLeft | undefined;

  private constructor(
    owned: OwnedLane,
    terms: ProjectorTerms,
    known: { readonly applier: Applier; readonly held: HeldKeys; readonly categories: OneCategory | undefined },
  ) {
    this.#owned = owned;
    this.#terms = terms;
    this.#applier = known.applier;
    this.#held = known.held;
    this.#categories = known.categories;
  }
  /** @param categories absent where streams of any category may feed it. */
  static async open(
    owned: OwnedLane,
    terms: ProjectorTerms,
    categories: OneCategory | undefined,
  ): Promise<ProjectorLane> {
    const applier = await terms.applierOf(owned.claim);
    const held = new HeldKeys(await terms.storage.parked.keys(owned.claim));
    owned.parking(held.size);
    return new ProjectorLane(owned, terms, { applier, held, categories });
  }

  async deal(batch: Batch, interrupted: AbortSignal): Promise<void> {
    await this.#resolve();
    const { types, ledger } = this.#terms;
    if (this.#left?.batch !== batch) this.#left = new BatchLeft(batch);
    const left = this.#left;
    const events = left.records.flatMap((record) => {
      const on = types.get(record.type);
      return on === undefined ? [] : this.#check(new DealtEvent(record, on));
    });
    const isWithholding = this.#held.size > 0 || events.some(({ record: { mark } }) => mark?.kind === 'withheld');
    const concerned = events.filter((event) => this.#concerns(event, isWithholding));
    if (concerned.length === 0) return this.#owned.passed(batch.to, SAVE_SOON_MS, ledger());
    const dealing = {
      held: this.#held,
      applier: this.#applier,
      dealt: () => this.#owned.parking(this.#held.size),
    };
    await dealBatch(this.#owned, { left, events: concerned }, dealing, this.#terms, interrupted);
    this.#left = undefined;
  }

  /** Carries out a part of what was asked, if anything: answers whether there may be more. */
  async tend(interrupted: AbortSignal): Promise<boolean> {
    await this.#resolve();
    if (this.#held.size === 0 || this.#owned.saved === 'start') return false;
    const now = performance.now();
    const { parked } = this.#terms.storage;
    for (const [name, at] of this.#later) if (at <= now) this.#later.delete(name);
    // However many are left alone, one behind them is seen: the oldest may wait for newer code for weeks.
    const requested = await parked.requested(this.#owned.claim, { limit: this.#later.size + 1 });
    const next = requested.find((one) => !this.#later.has(nameOf(one)));
    if (next === undefined) return false;
    // Until it is over: where the answer to a commit is lost, nobody knows whether the key is live.
    this.#uncertain = next;
    const drained = await drainKey(this.#owned, next, this.#applier, this.#terms, interrupted);
    this.#uncertain = undefined;
    if (drained === 'later') this.#later.set(nameOf(next), now + LATER_MS);
    if (drained === 'live') this.#release(next);
    return true;
  }

  #check(event: DealtEvent): DealtEvent {
    refuseNewer(event);
    try {
      this.#categories?.check(event.record);
    } catch (error) {
      throw new AtEvent(error, event.reference);
    }
    return event;
  }
  #concerns(event: DealtEvent, isWithholding: boolean): boolean {
    const { mark } = event.record;
    // What was withheld may have been so in this very batch.
    if (mark !== undefined) return isWithholding;
    return this.#held.keyOf(event.record) !== undefined || event.fault !== undefined || this.#applier.concerns(event);
  }
  #release(key: ParkedKey): void {
    this.#held.release(key);
    this.#owned.parking(this.#held.size);
  }
  /** Asks in a transaction of the owner's, which comes after the one whose answer was lost: a key that is taken for parked and is not would stay so for ever (hazard C15). */
  async #resolve(): Promise<void> {
    const key = this.#uncertain;
    if (key === undefined) return;
    const { claim, saved } = this.#owned;
    const { readModels } = this.#terms.storage;
    const move = { from: saved, to: saved as Cursor };
    const [first] = await readModels.transaction(claim, move, (tx) => tx.parked.first(key, 1));
    this.#uncertain = undefined;
    if (first === undefined) this.#release(key);
  }
}

const nameOf = ({ tenant, key }: ParkedKey): string => `${tenant}/${key}`;
