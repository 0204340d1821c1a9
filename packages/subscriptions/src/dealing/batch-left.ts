import type { Batch, Cursor, SourceRecord } from '../source.ts';

/** A batch that is dealt with in parts, as far as it is not dealt with yet. The same batch comes again after a fault, and then goes on where the last part that was committed ended. */
export class BatchLeft {
  readonly batch: Batch;
  #done = 0;

  constructor(batch: Batch) {
    this.batch = batch;
  }

  /** What is left of it. */
  get records(): readonly SourceRecord[] {
    return this.#done === 0 ? this.batch.records : this.batch.records.slice(this.#done);
  }
  /** Whether it has places within. */
  get hasParts(): boolean {
    return this.batch.after !== undefined;
  }
  /** The place before one of its records that is not the first. */
  placeBefore(record: SourceRecord): Cursor {
    return (this.batch as Required<Batch>).after(this.#indexOf(record));
  }
  /** All before this one is dealt with, durably. */
  doneBefore(record: SourceRecord): void {
    this.#done = this.#indexOf(record);
  }

  #indexOf(record: SourceRecord): number {
    return this.batch.records.indexOf(record, this.#done);
  }
}
