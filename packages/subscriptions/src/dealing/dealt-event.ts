import type { AnyEventType, RecordedEvent } from '@leftfold/core';
import type { FoldEvent } from '../folding/fold-batch.ts';
import { readEvent } from '../projection/read-event.ts';
import type { SourceRecord } from '../source.ts';
import type { EventReference } from '../following/status.ts';

type Reading = { readonly event: RecordedEvent } | { readonly fault: unknown };

/** A handled event on its way through a batch, with the record that it came as. It is decoded when it is first looked at: what waits behind a parked one never is. */
export class DealtEvent implements FoldEvent {
  readonly record: SourceRecord;
  readonly on: AnyEventType;
  /** Kept by whoever has asked its projection for it. */
  routed: FoldEvent['routed'];
  #read: Reading | undefined;

  constructor(record: SourceRecord, on: AnyEventType) {
    this.record = record;
    this.on = on;
  }

  get tenant(): string {
    return this.record.tenant;
  }
  /** Why it cannot be decoded. */
  get fault(): unknown {
    const read = this.#reading();
    return 'fault' in read ? read.fault : undefined;
  }
  /** @throws what {@link fault} says */
  get event(): RecordedEvent {
    const read = this.#reading();
    if ('event' in read) return read.event;
    throw read.fault;
  }
  /** The event, for the status. */
  get reference(): EventReference {
    const { id, stream, streamVersion } = this.record;
    return { id, type: this.on.type, stream, streamVersion };
  }

  #reading(): Reading {
    if (this.#read === undefined) {
      const { mark } = this.record;
      if (mark !== undefined && mark.kind !== 'redriven')
        return (this.#read = { fault: new TypeError('stands for an event without being one') });
      try {
        this.#read = { event: readEvent(this.on, this.record) };
      } catch (fault) {
        this.#read = { fault };
      }
    }
    return this.#read;
  }
}
