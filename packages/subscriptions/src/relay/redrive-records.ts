import { AtEvent } from '../following/at-event.ts';
import type { Claim } from '../checkpoints.ts';
import type { Codec } from '../codec.ts';
import { encodeRecords, type PublicRecord } from './encode-records.ts';
import { BEHIND } from './held-keys.ts';
import type { PublishRecord } from '../publisher.ts';
import type { Redrive, Stamped } from './relay-ledger.ts';
import { refusalOf, smallRecord, smallRefused, withholdingOf } from './withhold-records.ts';
import type { Settlement, Withheld, WithheldCause, WithheldEvent } from '../withheld.ts';

/** Of a reason that somebody wrote into the table himself: the record must be small, and readable. */
const MOST_REASON = 200;

/** What making the records needs besides the events. */
export interface RedriveEncoding {
  readonly withheld: Withheld;
  readonly claim: Claim;
  readonly codec: Codec;
  /** `ce_source`. */
  readonly service: string;
}

/** The records of one step of a redrive: the events of one key, each under its new number, or what stands for it once more. */
export class RedriveRecords {
  readonly #with: RedriveEncoding;
  readonly #redrive: Redrive;
  readonly #stamped: readonly Stamped<PublicRecord>[];
  /** Why an event is withheld again, under its new number; by place, from the first one that is to the end. */
  readonly #again: (WithheldCause | undefined)[];

  /** @param rows one for each event. One that has the new number was refused in an earlier attempt at this very step, and stays so. */
  constructor(
    encoding: RedriveEncoding,
    redrive: Redrive,
    stamped: readonly Stamped<PublicRecord>[],
    rows: readonly WithheldEvent[],
  ) {
    this.#with = encoding;
    this.#redrive = redrive;
    this.#stamped = stamped;
    this.#again = rows.map(({ sequence, cause }, place) =>
      sequence === stamped[place]?.stamp.sequence ? cause : undefined,
    );
  }

  /** What is sent, in order. @throws what `Codec.prepare` rejects with */
  async all(signal: AbortSignal): Promise<readonly PublishRecord[]> {
    const records: PublishRecord[] = [];
    for (let place = 0; place < this.#stamped.length; place++) records.push(await this.#record(place, signal));
    return records;
  }

  /** The broker refuses one again: it, and what is behind it, is noted under the new numbers before the small records are answered. */
  async refused(place: number, cause: WithheldCause): Promise<ReadonlyMap<number, PublishRecord>> {
    const { withheld, claim } = this.#with;
    if (this.#again[place] !== undefined || this.#isGivenUp(place))
      throw smallRefused(this.#at(place).record, new Error(cause.text));
    const behind = this.#stamped.slice(place);
    const causes = behind.map((_, at) => (at === 0 ? cause : BEHIND));
    await withheld.withhold(
      claim,
      behind.map((one, at) => withholdingOf(one, causes[at] as WithheldCause)),
      { at: new Date(this.#redrive.request.at) },
    );
    this.#again.splice(place, behind.length, ...causes);
    return new Map(behind.map((_, at) => [place + at, this.#small(place + at)]));
  }

  /** What became of those that were sent. */
  get settled(): readonly Settlement[] {
    return this.#stamped.flatMap(({ record: { streamVersion }, stamp: { sequence } }, place): Settlement[] => {
      const state = this.#isGivenUp(place) ? 'given-up' : 'redriven';
      return this.#again[place] === undefined ? [{ streamVersion, sequence, state }] : [];
    });
  }

  async #record(place: number, signal: AbortSignal): Promise<PublishRecord> {
    const { codec, service } = this.#with;
    if (this.#again[place] !== undefined || this.#isGivenUp(place)) return this.#small(place);
    try {
      const encoding = { codec, service, signal, mark: { kind: 'redriven' } } as const;
      const [record] = await encodeRecords([this.#at(place)], encoding);
      return record as PublishRecord;
    } catch (error) {
      const cause = error instanceof AtEvent ? error.cause : error;
      if ((cause as { readonly code?: unknown }).code !== 'LF_PAYLOAD_UNENCODABLE') throw error;
      // Its payload was replaced by what does not fit. That is this key's trouble, not that of all others.
      await this.refused(place, refusalOf(cause, undefined));
      return this.#small(place);
    }
  }
  #small(place: number): PublishRecord {
    const cause = this.#again[place];
    const mark =
      cause === undefined
        ? ({ kind: 'given-up', reason: this.#redrive.request.reason?.slice(0, MOST_REASON) || 'none given' } as const)
        : ({ kind: 'withheld', code: cause.code } as const);
    return smallRecord(this.#at(place), this.#with.service, mark);
  }
  #isGivenUp(place: number): boolean {
    return place === 0 && this.#redrive.request.kind === 'give-up';
  }
  #at(place: number): Stamped<PublicRecord> {
    return this.#stamped[place] as Stamped<PublicRecord>;
  }
}
