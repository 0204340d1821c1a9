import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { RecordGone } from '@leftfold/subscriptions';
import type { Cursor, KeptRecord, Lane, Reader, Source, SourceRecord } from '@leftfold/subscriptions';

/** What each lane hands over, batch by batch. */
export type Script = readonly (readonly (readonly SourceRecord[])[])[];

/** A source that plays a script: one lane for each of its lists, side by side. A cursor says how many batches were handled, and how many records of the next. */
export class ScriptedSource implements Source {
  readonly name = 'spec';
  readonly ownership = 'assigned' as const;
  readonly #script: Script;

  constructor(script: Script) {
    this.#script = script;
  }

  async run(reader: Reader, signal: AbortSignal): Promise<void> {
    const { until } = reader;
    await Promise.all(
      this.#script.map(async (_, index) => {
        if (until === undefined || until.has(laneOf(index))) await this.#runLane(index, reader, signal);
      }),
    );
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
    const until = reader.until?.get(lane);
    const batches = this.#script[index]?.slice(0, until && handledAt(until)) ?? [];
    while (!signal.aborted) {
      try {
        let from = await reader.from(lane, signal);
        while (handledAt(from) < batches.length && !signal.aborted) {
          const [handled, begun] = [handledAt(from), begunAt(from)];
          const records = batches[handled]?.slice(begun) ?? [];
          const to = cursorOf(handled + 1);
          const after = (count: number): Cursor => cursorOf(handled, begun + count);
          await reader.handle({ lane, records, from, at: cursorOf(handled, begun), to, after }, signal);
          from = to;
        }
        if (until !== undefined) return;
        if (!signal.aborted) await once(signal, 'abort');
      } catch {
        await setImmediate();
      }
    }
  }
}

const laneOf = (index: number): Lane => String(index) as Lane;
const cursorOf = (handled: number, begun = 0): Cursor => `spec/${handled}${begun === 0 ? '' : `/${begun}`}` as Cursor;
const handledAt = (cursor: Cursor | 'start'): number => Number(cursor.split('/')[1] ?? 0);
const begunAt = (cursor: Cursor | 'start'): number => Number(cursor.split('/')[2] ?? 0);
