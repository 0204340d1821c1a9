import type { StreamId, StreamVersion } from '@leftfold/core';
import type { Claim } from '../checkpoints.ts';
import type { AppliedAhead, NoteAhead, ReadModels } from '../read-models.ts';
import type { FoldEvent } from '../folding/fold-batch.ts';

/** Names a stream of a tenant: a tenant holds no `/`. */
const nameOf = (tenant: string, stream: StreamId): string => `${tenant}/${stream}`;

/**
 * What is applied of a lane though its checkpoint stands before it: parts of a batch that were committed side by side before the batch was (`ReadModels.aside`). Loaded after the
 * claim, by every follower with SQL of its own, since the owner before may have worked on more streams at once than this one does; then kept by what this owner does.
 */
export class AheadOfCheckpoint {
  readonly #noted: Map<string, StreamVersion>;

  private constructor(noted: Map<string, StreamVersion>) {
    this.#noted = noted;
  }

  static async load(readModels: Pick<ReadModels, 'appliedAhead'>, claim: Claim): Promise<AheadOfCheckpoint> {
    const applied = await readModels.appliedAhead(claim);
    return new AheadOfCheckpoint(
      new Map(applied.map(({ tenant, stream, streamVersion }) => [nameOf(tenant, stream), streamVersion])),
    );
  }

  /** Those events that are not applied yet. */
  left(events: readonly FoldEvent[]): readonly FoldEvent[] {
    if (this.#noted.size === 0) return events;
    return events.filter(({ tenant, event: { stream } }) => {
      const noted = this.#noted.get(nameOf(tenant, stream.id));
      return noted === undefined || stream.version > noted;
    });
  }

  /** What is to be noted with these events, which come in the order of their streams. */
  notes(events: readonly FoldEvent[]): readonly NoteAhead[] {
    const latest = new Map<string, NoteAhead>();
    for (const { tenant, event } of events) {
      const { id: stream, version: streamVersion } = event.stream;
      const name = nameOf(tenant, stream);
      latest.set(name, { tenant, stream, streamVersion, noted: this.#noted.get(name) ?? null });
    }
    return [...latest.values()];
  }
  /** These are noted now. */
  noted(notes: readonly NoteAhead[]): void {
    for (const { tenant, stream, streamVersion } of notes) this.#noted.set(nameOf(tenant, stream), streamVersion);
  }
  /**
   * The notes that a move of the checkpoint past these events, all that are handled in a batch, makes good for nothing. Those of a larger batch, which another owner had begun, stay
   * until it comes to their events.
   */
  covered(events: readonly FoldEvent[]): readonly AppliedAhead[] {
    if (this.#noted.size === 0) return [];
    return this.notes(events).flatMap(({ tenant, stream, streamVersion, noted }) =>
      noted !== null && noted <= streamVersion ? [{ tenant, stream, streamVersion: noted }] : [],
    );
  }
  /** The checkpoint was moved, and these notes were forgotten with it. */
  forgotten(notes: readonly AppliedAhead[]): void {
    for (const { tenant, stream } of notes) this.#noted.delete(nameOf(tenant, stream));
  }
}
