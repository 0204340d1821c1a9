import type { Applier, EventGate } from './applier.ts';
import { AtEvent } from '../following/at-event.ts';
import { causeOf } from '../parking/cause-of.ts';
import type { DealtEvent } from './dealt-event.ts';
import { HeldKeys } from '../parking/held-keys.ts';
import type { NewParked, ParkedCause, ParkedKey } from '../parked.ts';
import type { Recover } from '../projection/recovery-policy.ts';
import { recoveryOf } from '../following/recovery.ts';
import type { KeptRecord, SourceRecord } from '../source.ts';

/** An event that is to be tried once more. */
export interface FailedEvent {
  readonly event: DealtEvent;
  readonly error: unknown;
}

/** What stays the same over all runs of a batch. */
export interface BatchTerms {
  readonly rowsOf: Applier['rowsOf'];
  readonly recover: Recover;
  /** How often an event has failed in runs before this. */
  readonly failures: ReadonlyMap<string, number>;
}

/** An event's name within its lane. */
export const eventName = ({ tenant, stream, streamVersion }: SourceRecord): string =>
  `${tenant}/${stream}@${streamVersion}`;

/**
 * Decides about the events of a batch in one run of its transaction: those behind a parked one are put aside as well; one that fails stops the lane, is tried again, or
 * parks its key, as the projection says. Nothing of it counts before the transaction is committed.
 */
export class BatchGate implements EventGate {
  readonly held: HeldKeys;
  readonly #terms: BatchTerms;
  #parked: NewParked[];
  #again: FailedEvent[];
  #seen = 0;

  constructor(terms: BatchTerms, held: HeldKeys, before?: BatchGate) {
    this.#terms = terms;
    this.held = held.over();
    this.#parked = before ? [...before.#parked] : [];
    this.#again = before ? [...before.#again] : [];
  }

  get seen(): number {
    return this.#seen;
  }
  /** Events that failed and are to be tried again: then nothing of this run may be committed. */
  get again(): readonly FailedEvent[] {
    return this.#again;
  }
  /** What was put aside, in order, since this was asked before. */
  takeParked(): readonly NewParked[] {
    const parked = this.#parked;
    this.#parked = [];
    return parked;
  }

  admits(event: DealtEvent): boolean {
    this.#seen += 1;
    const { record } = event;
    const waiting = this.#keyOf(event);
    const isWithheld = record.mark?.kind === 'withheld';
    if (waiting === undefined && !isWithheld) return true;
    const cause = isWithheld && waiting === undefined ? withheldCause(record) : undefined;
    this.#park(record, waiting ?? streamKey(record), isWithheld ? null : record.keep(), cause);
    return false;
  }
  failed(event: DealtEvent, error: unknown): void {
    const { record } = event;
    const { recover, failures } = this.#terms;
    if (recoveryOf(error) !== 'stop') throw new AtEvent(error, event.reference);
    const [row] = event.fault === undefined ? this.#terms.rowsOf(event) : [];
    const key = row === undefined ? streamKey(record) : { tenant: record.tenant, key: row };
    const before = failures.get(eventName(record)) ?? 0;
    if (recover.kind === 'retry' && before < recover.times) {
      this.#again.push({ event, error });
      // Others may fail in this run as well, and are tried again at the same time; what is behind this one waits.
      return this.held.hold(key, record.stream);
    }
    const step = recover.kind === 'retry' ? recover.then : recover;
    if (step.kind === 'stop') throw new AtEvent(error, event.reference);
    this.#park(record, key, record.keep(), causeOf(error), before + 1);
  }

  fork(): BatchGate {
    return new BatchGate(this.#terms, this.held, this);
  }
  adopt(fork: BatchGate): void {
    fork.held.merge();
    this.#parked = fork.#parked;
    this.#again = fork.#again;
  }

  #keyOf(event: DealtEvent): ParkedKey | undefined {
    if (this.held.isEmpty) return undefined;
    const { record } = event;
    const ofStream = this.held.keyOf(record);
    if (ofStream !== undefined || record.mark?.kind === 'withheld') return ofStream;
    if (event.fault !== undefined) return undefined;
    const row = this.#terms.rowsOf(event).find((key) => this.held.isHeld({ tenant: record.tenant, key }));
    return row === undefined ? undefined : { tenant: record.tenant, key: row };
  }
  #park(
    record: SourceRecord,
    key: ParkedKey,
    kept: KeptRecord | null,
    cause: ParkedCause | undefined,
    attempts = 1,
  ): void {
    const { envelope } = kept ?? record.keep();
    this.#parked.push({ ...key, envelope, kept, ...(cause && { cause, attempts }) });
    this.held.hold(key, record.stream);
  }
}

/** The key of an event that waits for its stream alone. */
const streamKey = ({ tenant, stream }: Pick<SourceRecord, 'tenant' | 'stream'>): ParkedKey => ({
  tenant,
  key: `stream/${stream}`,
});

/** Why a key waits whose first event the relay withholds (hazard R15). */
export const withheldCause = ({ mark }: Pick<SourceRecord, 'mark'>): ParkedCause => ({
  code: 'LF_RECORD_WITHHELD',
  text: `the relay withholds it${mark?.kind === 'withheld' ? ` (${mark.code})` : ''}: mend the cause and redrive it there, or give it up; then this goes on by itself`,
});
