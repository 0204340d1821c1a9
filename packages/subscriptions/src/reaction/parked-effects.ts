import type { Json } from '@leftfold/core';
import { causeOf } from '../parking/cause-of.ts';
import { drainEffects, type DrainTerms } from './drain-effects.ts';
import { envelopeOf } from '../record/envelope-of.ts';
import type { ModelTransaction } from '../read-models.ts';
import type { NewParked, ParkedCause, ParkedKey } from '../parked.ts';
import type { OwnedLane } from '../following/owned-lane.ts';
import { parkOrStop } from '../parking/parking-refused.ts';
import type { PutAside } from './lane-effects.ts';
import { withheldCause } from '../projection/batch-gate.ts';
import type { Cursor, SourceRecord } from '../source.ts';

/** Collected in a replay: beside `stream/…`, which new events of the stream would have to wait behind. */
const COLLECTED = 'replay/';
const COLLECTED_CAUSE: ParkedCause = {
  code: 'LF_REPLAY_COLLECTED',
  text: 'a replay came upon it, of a reaction that collects: retry runs its effect, discard forgets it',
};
/** So many requests are looked at to find one that can be carried out now. */
const REQUESTS = 20;
/** How long a key is left alone whose events cannot be had now, or are newer than this code. */
const LATER_MS = 5_000;

/**
 * The events of one lane whose effects wait: of a stream whose effect failed, or whose event the relay withholds, that one and all behind it; and what a replay has collected,
 * which nothing waits behind. Known by the owner since its claim, and changed by nobody else (hazard C15).
 */
export class ParkedEffects {
  readonly #owned: OwnedLane;
  readonly #terms: DrainTerms;
  readonly #keys: Set<string>;
  readonly #later = new Map<string, number>();
  /** A key of which it is not known whether anything of it is left: the answer to a commit was lost. */
  #uncertain: ParkedKey | undefined;

  private constructor(owned: OwnedLane, terms: DrainTerms, keys: readonly ParkedKey[]) {
    this.#owned = owned;
    this.#terms = terms;
    this.#keys = new Set(keys.map(nameOf));
    this.#show();
  }
  static async of(owned: OwnedLane, terms: DrainTerms): Promise<ParkedEffects> {
    return new ParkedEffects(owned, terms, await terms.storage.parked.keys(owned.claim));
  }

  has(record: SourceRecord): boolean {
    return this.#keys.size > 0 && this.#keys.has(nameOf(keyOf(record)));
  }

  /**
   * Puts aside what is not run now, and moves the lane, in one transaction.
   * @throws what the storage throws: then nothing was put aside, and the lane has not moved (hazard C7)
   */
  async park(
    events: readonly PutAside[],
    { to, ledger }: { readonly to: Cursor; readonly ledger: Json },
  ): Promise<void> {
    const known = new Set(this.#keys);
    const parked = events.map((event): NewParked => {
      const key = event.isCollected ? collectedKeyOf(event.record) : keyOf(event.record);
      const isFirst = !known.has(nameOf(key));
      known.add(nameOf(key));
      return { ...key, ...kept(event.record), ...(isFirst && firstOf(event)) };
    });
    await this.#transaction({ to, ledger }, (tx) => parkOrStop(() => tx.parked.park(parked)));
    for (const event of parked) this.#keys.add(nameOf(event));
    this.#show();
  }

  /** What was withheld has come, and takes its place; or it never will. One that has no place is nothing to anybody: its effect was run before it was withheld. */
  async settle(record: SourceRecord, move: { readonly to: Cursor; readonly ledger: Json }): Promise<void> {
    const key = keyOf(record);
    const come = record.mark?.kind === 'redriven' ? record.keep() : null;
    const outcome = await this.#transaction(move, ({ parked }) => parked.arrived(key, envelopeOf(record), come));
    if (outcome === 'live') this.#release(key);
  }

  /** Carries out a part of what somebody has asked for, if anything. Answers whether there may be more. @param confirm that the lane is ours */
  async tend(signal: AbortSignal, confirm: () => Promise<void>): Promise<boolean> {
    await this.resolve();
    if (this.#keys.size === 0 || this.#owned.saved === 'start') return false;
    const { parked } = this.#terms.storage;
    const requested = await parked.requested(this.#owned.claim, { limit: REQUESTS });
    const next = requested.find((one) => (this.#later.get(nameOf(one)) ?? 0) <= Date.now());
    if (next === undefined) return false;
    await confirm();
    this.#uncertain = next;
    const drained = await drainEffects(this.#owned, next, next.key.startsWith(COLLECTED), this.#terms, signal);
    this.#uncertain = undefined;
    if (drained === 'later') this.#later.set(nameOf(next), Date.now() + LATER_MS);
    if (drained === 'live') this.#release(next);
    return true;
  }
  /** Asks in a transaction of the owner's, which comes after the one whose answer was lost: a key that is taken for parked and is not would stay so for ever (hazard C15). */
  async resolve(): Promise<void> {
    const key = this.#uncertain;
    if (key === undefined) return;
    const [first] = await this.#transaction(undefined, ({ parked }) => parked.first(key, 1));
    this.#uncertain = undefined;
    if (first === undefined) this.#release(key);
  }

  async #transaction<T>(
    move: { readonly to: Cursor; readonly ledger: Json } | undefined,
    work: (tx: ModelTransaction) => Promise<T>,
  ): Promise<T> {
    const { claim, saved } = this.#owned;
    const { to = saved as Cursor, ...ledger } = move ?? {};
    const done = await this.#terms.storage.readModels.transaction(claim, { from: saved, to, ...ledger }, work);
    if (move !== undefined) this.#owned.moved(move.to, move.ledger);
    return done;
  }
  #release(key: ParkedKey): void {
    this.#keys.delete(nameOf(key));
    this.#show();
  }
  #show(): void {
    this.#owned.parking(this.#keys.size);
  }
}

const keyOf = ({ tenant, stream }: SourceRecord): ParkedKey => ({ tenant, key: `stream/${stream}` });
const collectedKeyOf = ({ tenant, stream }: SourceRecord): ParkedKey => ({ tenant, key: `${COLLECTED}${stream}` });
const nameOf = ({ tenant, key }: ParkedKey): string => `${tenant}/${key}`;

const kept = (record: SourceRecord): Pick<NewParked, 'envelope' | 'kept'> => ({
  envelope: envelopeOf(record),
  kept: record.mark?.kind === 'withheld' ? null : record.keep(),
});

/** Why a key is parked from this event on. */
function firstOf({ record, isCollected, cause, attempts }: PutAside): Pick<NewParked, 'cause' | 'attempts'> {
  if (isCollected) return { cause: COLLECTED_CAUSE };
  if (record.mark?.kind === 'withheld') return { cause: withheldCause(record) };
  return { ...(cause !== undefined && { cause: causeOf(cause) }), ...(attempts !== undefined && { attempts }) };
}
