import type { Json } from '@leftfold/core';
import { causeOf } from '../parking/cause-of.ts';
import { drainEffects, type DrainTerms } from './drain-effects.ts';
import { elapsedMs } from '../clock.ts';
import { envelopeOf } from '../record/envelope-of.ts';
import type { ModelTransaction } from '../read-models.ts';
import type { NewParked, ParkedCause, ParkedKey } from '../parked.ts';
import type { OwnedLane } from '../following/owned-lane.ts';
import { parkOrStop } from '../parking/parking-refused.ts';
import type { PutAside } from './lane-effects.ts';
import { streamKey } from './reaction-ledger.ts';
import { withheldCause } from '../dealing/batch-gate.ts';
import type { Cursor, SourceRecord } from '../source.ts';

/** Come in a replay: beside `stream/…`, which new events of the stream would have to wait behind. */
const OF_REPLAY = 'replay/';
const COLLECTED_CAUSE: ParkedCause = {
  code: 'LF_REPLAY_COLLECTED',
  text: 'a replay came upon it, of a reaction that collects: retry runs its effect, discard forgets it',
};
/** So many requests are looked at to find one that can be carried out now. */
const REQUESTS = 20;
/** How long a key is left alone whose events cannot be had now, or are newer than this code. */
const LATER_MS = 5_000;

/** What is parked of streams that a replay comes upon. */
export interface ParkedOfReplay {
  /** It has been parked since it came for the first time, and so this is no second time. */
  readonly wasNeverRun: (record: SourceRecord) => boolean;
  /** It, or one before it in its stream, is kept from a replay: it waits there, too. */
  readonly isKept: (record: SourceRecord) => boolean;
}

/**
 * The events of one lane whose effects wait: of a stream whose effect failed, or whose event the relay withholds, that one and all behind it; and what a replay has collected, or
 * failed at, which nothing new waits behind. Known by the owner since its claim, and changed by nobody else (hazard C15).
 */
export class ParkedEffects {
  readonly #owned: OwnedLane;
  readonly #terms: DrainTerms;
  readonly #keys: Set<string>;
  readonly #later = new Map<string, number>();
  /** Keys of which it is not known whether anything of them is parked, since the answer to a commit was lost; by name. */
  #uncertain: ReadonlyMap<string, ParkedKey> = new Map();

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
  /** What waits of the streams of these events, which come in a replay. To be asked between batches. */
  async ofReplay(records: readonly SourceRecord[]): Promise<ParkedOfReplay> {
    const [never, again] = [await this.#firsts(records, keyOf), await this.#firsts(records, replayKeyOf)];
    return { wasNeverRun: (record) => isFrom(never, record), isKept: (record) => isFrom(again, record) };
  }
  /** From which version on a stream is parked under its key of this kind. */
  async #firsts(
    records: readonly SourceRecord[],
    keyFor: (record: SourceRecord) => ParkedKey,
  ): Promise<ReadonlyMap<string, bigint>> {
    const { follower, lane } = this.#owned.claim;
    const keys = new Map(records.map((record) => [streamKey(record), keyFor(record)]));
    const firsts = new Map<string, bigint>();
    for (const [stream, key] of this.#keys.size === 0 ? [] : keys) {
      if (!this.#keys.has(nameOf(key))) continue;
      const [first] = await this.#terms.storage.parked.events({ follower, lane, ...key }, { limit: 1 });
      if (first !== undefined) firsts.set(stream, first.envelope.streamVersion);
    }
    return firsts;
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
      const key = event.isReplay ? replayKeyOf(event.record) : keyOf(event.record);
      const isFirst = !known.has(nameOf(key));
      known.add(nameOf(key));
      return { ...key, ...kept(event.record), ...(isFirst && firstOf(event)) };
    });
    await this.#changing(parked, () =>
      this.#transaction({ to, ledger }, (tx) => parkOrStop(() => tx.parked.park(parked))),
    );
    for (const event of parked) this.#keys.add(nameOf(event));
    this.#show();
  }

  /** What was withheld has come, and takes its place; or it never will. One that has no place is nothing to anybody: its effect was run before it was withheld. */
  async settle(record: SourceRecord, move: { readonly to: Cursor; readonly ledger: Json }): Promise<void> {
    const key = keyOf(record);
    const come = record.mark?.kind === 'redriven' ? record.keep() : null;
    const outcome = await this.#changing([key], () =>
      this.#transaction(move, ({ parked }) => parked.arrived(key, envelopeOf(record), come)),
    );
    if (outcome === 'live') this.#release(key);
  }

  /** Carries out a part of what somebody has asked for, if anything. Answers whether there may be more. @param confirm that the lane is ours */
  async tend(signal: AbortSignal, confirm: () => Promise<void>): Promise<boolean> {
    await this.resolve();
    if (this.#keys.size === 0 || this.#owned.saved === 'start') return false;
    const { parked } = this.#terms.storage;
    const requested = await parked.requested(this.#owned.claim, { limit: REQUESTS });
    const now = elapsedMs();
    for (const [name, at] of this.#later) if (at <= now) this.#later.delete(name);
    const next = requested.find((one) => !this.#later.has(nameOf(one)));
    if (next === undefined) return false;
    await confirm();
    const drained = await this.#changing([next], () =>
      drainEffects(this.#owned, next, next.key.startsWith(OF_REPLAY), this.#terms, signal),
    );
    if (drained === 'later') this.#later.set(nameOf(next), elapsedMs() + LATER_MS);
    if (drained === 'live') this.#release(next);
    return true;
  }
  /**
   * Asks in a transaction of the owner's, which comes after the one whose answer was lost (hazard C15): a key that is taken for parked and is not would stay so for ever, and one that is
   * parked and taken for live would be overtaken by what is new of its stream.
   */
  async resolve(): Promise<void> {
    for (const [name, key] of this.#uncertain) {
      const [first] = await this.#transaction(undefined, ({ parked }) => parked.first(key, 1));
      if (first === undefined) this.#keys.delete(name);
      else this.#keys.add(name);
      this.#show();
    }
    this.#uncertain = new Map();
  }

  /** Does what parks or releases these keys. Where it fails it is asked what became of them, before anything else is done. */
  async #changing<T>(keys: readonly ParkedKey[], work: () => Promise<T>): Promise<T> {
    this.#uncertain = new Map(keys.map(({ tenant, key }) => [nameOf({ tenant, key }), { tenant, key }]));
    const done = await work();
    this.#uncertain = new Map();
    return done;
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
const replayKeyOf = ({ tenant, stream }: SourceRecord): ParkedKey => ({ tenant, key: `${OF_REPLAY}${stream}` });
const isFrom = (firsts: ReadonlyMap<string, bigint>, record: SourceRecord): boolean => {
  const first = firsts.size === 0 ? undefined : firsts.get(streamKey(record));
  return first !== undefined && record.streamVersion >= first;
};
const nameOf = ({ tenant, key }: ParkedKey): string => `${tenant}/${key}`;

const kept = (record: SourceRecord): Pick<NewParked, 'envelope' | 'kept'> => ({
  envelope: envelopeOf(record),
  kept: record.mark?.kind === 'withheld' ? null : record.keep(),
});

/** Why a key is parked from this event on. */
function firstOf({ record, isReplay, cause, attempts }: PutAside): Pick<NewParked, 'cause' | 'attempts'> {
  if (isReplay && cause === undefined) return { cause: COLLECTED_CAUSE };
  if (record.mark?.kind === 'withheld') return { cause: withheldCause(record) };
  return { ...(cause !== undefined && { cause: causeOf(cause) }), ...(attempts !== undefined && { attempts }) };
}
