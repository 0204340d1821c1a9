import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { RecordGone } from '@leftfold/subscriptions';
import type { Cursor, KeptRecord, Lane, Reader, Source, SourceRecord } from '@leftfold/subscriptions';

/** What each lane hands over, batch by batch. */
export type Script = readonly (readonly (readonly SourceRecord[])[])[];

/** A source that plays a script: one lane for each of its lists, side by side. A cursor says how many batches were handled. */
export class ScriptedSource implements Source {
  readonly name = 'spec';
  readonly ownership = 'assigned' as const;
  readonly #script: Script;

  constructor(script: Script) {
    this.#script = script;
  }

  async run(reader: Reader, signal: AbortSignal): Promise<void> {
    await Promise.all(this.#script.map((_, index) => this.#runLane(index, reader, signal)));
  }
  async head(): Promise<ReadonlyMap<Lane, Cursor>> {
    return new Map(this.#script.map((batches, index) => [laneOf(index), cursorOf(batches.length)]));
  }
  async restore(kept: readonly KeptRecord[]): Promise<readonly SourceRecord[]> {
    const records = this.#script.flat(2);
    return kept.map(({ envelope }) => {
      const record = records.find(({ id }) => id === envelope.id);
      if (record === undefined) throw new RecordGone(envelope, 'this script');
      return record;
    });
  }
  hasPassed(cursor: Cursor | 'start', head: Cursor): boolean {
    return handledAt(cursor) >= handledAt(head);
  }

  async #runLane(index: number, reader: Reader, signal: AbortSignal): Promise<void> {
    const lane = laneOf(index);
    const batches = this.#script[index] ?? [];
    while (!signal.aborted) {
      try {
        let from = await reader.from(lane, signal);
        while (handledAt(from) < batches.length && !signal.aborted) {
          const handled = handledAt(from);
          const to = cursorOf(handled + 1);
          await reader.handle({ lane, records: batches[handled] ?? [], from, at: cursorOf(handled), to }, signal);
          from = to;
        }
        if (!signal.aborted) await once(signal, 'abort');
      } catch {
        await setImmediate();
      }
    }
  }
}

const laneOf = (index: number): Lane => String(index) as Lane;
const cursorOf = (handled: number): Cursor => `spec/${handled}` as Cursor;
const handledAt = (cursor: Cursor | 'start'): number => (cursor === 'start' ? 0 : Number(cursor.slice('spec/'.length)));
