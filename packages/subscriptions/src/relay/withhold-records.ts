import type { Claim } from '../checkpoints.ts';
import type { PublicRecord } from './encode-records.ts';
import type { HeldKeys } from './held-keys.ts';
import type { PublishRecord } from '../publisher.ts';
import { markRecord, type EmptyMark } from '../record/record-mark.ts';
import { RelayFault } from './relay-fault.ts';
import type { Stamped } from './relay-ledger.ts';
import type { WithheldLog } from './withheld-log.ts';
import type { Withheld, WithheldCause, WithheldKey, Withholding } from '../withheld.ts';

/** What withholding needs besides the records. */
export interface WithholdRecords {
  readonly withheld: Withheld;
  readonly claim: Claim;
  readonly held: HeldKeys;
  /** `ce_source`. */
  readonly service: string;
  readonly log: WithheldLog;
}

/**
 * Withholds the records of a window: notes them, durably and under the owner's epoch, and only then answers the small records that go in their place, by place. So whoever
 * sends the window again finds them noted, and sends the same (hazard R15).
 */
export class WindowWithholding {
  readonly #with: WithholdRecords;
  readonly #stamped: readonly Stamped<PublicRecord>[];
  readonly #records: readonly PublishRecord[];
  /** Places whose record is a small one by now. */
  readonly #replaced = new Set<number>();

  /** @param records what the numbered events would be sent as */
  constructor(options: WithholdRecords, stamped: readonly Stamped<PublicRecord>[], records: readonly PublishRecord[]) {
    this.#with = options;
    this.#stamped = stamped;
    this.#records = records;
  }

  /** Those whose key is withheld already. Without such a key, which is the rule, it costs nothing. */
  async heldBack(): Promise<readonly PublishRecord[]> {
    if (this.#with.held.size === 0) return this.#records;
    const replaced = await this.#withhold(this.#placesOfHeld(0));
    return replaced.size === 0 ? this.#records : this.#records.map((record, place) => replaced.get(place) ?? record);
  }

  /** The broker refuses one, so it is withheld, and all of its key that come after it in the window. @throws {@link RelayFault} `LF_WITHHELD_REFUSED` */
  async refused(place: number, cause: unknown): Promise<ReadonlyMap<number, PublishRecord>> {
    const { record } = this.#at(place);
    if (this.#replaced.has(place)) throw smallRefused(record, cause);
    // Before it is noted: should that fail half way, it must not be sent as an event any more.
    const refusal = refusalOf(cause, this.#records[place]);
    this.#with.held.set(record, { from: record.streamVersion, cause: refusal });
    const replaced = await this.#withhold(this.#placesOfHeld(place));
    this.#with.log.refused(record, refusal);
    return replaced;
  }

  #placesOfHeld(from: number): readonly number[] {
    const { held } = this.#with;
    const places: number[] = [];
    for (let place = from; place < this.#stamped.length; place++)
      if (!this.#replaced.has(place) && held.causeOf(this.#at(place).record) !== undefined) places.push(place);
    return places;
  }

  async #withhold(places: readonly number[]): Promise<ReadonlyMap<number, PublishRecord>> {
    if (places.length === 0) return new Map();
    const { withheld, claim, held, service } = this.#with;
    const causes = new Map(places.map((place) => [place, held.causeOf(this.#at(place).record) as WithheldCause]));
    await withheld.withhold(
      claim,
      [...causes].map(([place, cause]) => withholdingOf(this.#at(place), cause)),
    );
    for (const place of places) this.#replaced.add(place);
    return new Map(
      [...causes].map(([place, { code }]) => [
        place,
        smallRecord(this.#at(place), service, { kind: 'withheld', code }),
      ]),
    );
  }

  #at(place: number): Stamped<PublicRecord> {
    return this.#stamped[place] as Stamped<PublicRecord>;
  }
}

/** What is noted of a numbered event. */
export function withholdingOf({ record, partition, stamp }: Stamped<PublicRecord>, cause: WithheldCause): Withholding {
  const { topic, tenant, stream, category, streamVersion, id: eventId, type, position } = record;
  const { sequence } = stamp;
  return { topic, tenant, stream, category, streamVersion, partition, eventId, type, position, sequence, cause };
}

/** The small record in the place of a numbered event. */
export function smallRecord(
  { record, partition, stamp }: Stamped<PublicRecord>,
  service: string,
  mark: EmptyMark,
): PublishRecord {
  return markRecord(record, { topic: record.topic, partition, stamp, writer: record.schema, source: service }, mark);
}

/** What is kept of a broker's refusal. Its message is ours or the broker client's, and repeats nothing of the record. */
export function refusalOf(cause: unknown, record: PublishRecord | undefined): WithheldCause {
  const { code, message } = (cause ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return {
    code: typeof code === 'string' ? code : 'LF_RECORD_REFUSED',
    text: (typeof message === 'string' ? message : String(cause)).slice(0, 1_000),
    ...(record && { bytes: bytesOf(record) }),
  };
}

/** Even what says that an event is withheld is refused, so nothing can be said in this topic. */
export function smallRefused(key: WithheldKey, cause: unknown): RelayFault {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new RelayFault(
    'LF_WITHHELD_REFUSED',
    `the broker refuses even the small record that stands for a withheld event of ${key.stream} in ${key.topic}: ${why}; raise the topic's limit, then start the relay again`,
    { cause },
  );
}

function bytesOf({ key, value, headers }: PublishRecord): number {
  const texts = [key, ...Object.entries(headers).flat()];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), value.byteLength);
}
