import { linesOf, type EventName, type History, type StoredRow, type StreamName } from '../history/history.ts';
import type { Instant } from '../../processes/recorder.ts';
import type { Fates } from './fates.ts';

/** From the fewest to the most events that a stream may have held. */
export interface VersionBounds {
  readonly least: bigint;
  readonly most: bigint;
}

/** The log as it stood after the run. */
export class StoredLog {
  readonly rows: readonly StoredRow[];
  readonly byId: ReadonlyMap<EventName, StoredRow>;
  /** Each stream's rows in version order. */
  readonly streams: ReadonlyMap<StreamName, readonly StoredRow[]>;
  readonly #fates: Fates;

  constructor(history: History, fates: Fates) {
    this.rows = linesOf(history, 'stored');
    this.byId = new Map(this.rows.map((row) => [row.id, row]));
    const byStream = Map.groupBy(this.rows, ({ stream }) => stream);
    this.streams = new Map(
      [...byStream].map(([stream, rows]) => [
        stream,
        rows.toSorted((one, other) => Number(BigInt(one.version) - BigInt(other.version))),
      ]),
    );
    this.#fates = fates;
  }

  rowsOf(ids: readonly EventName[]): readonly StoredRow[] {
    return ids.flatMap((id) => this.byId.get(id) ?? []);
  }

  /** Whether nobody knew at an instant that this event was written. */
  isWrittenAfter(id: EventName, at: Instant): boolean {
    return (this.#fates.writtenAt.get(id) ?? Infinity) >= at;
  }

  /** What a stream may have held between two instants: at least what was known to be written at the first, at most what had been begun by the second. */
  bounds(stream: StreamName, from: Instant, to: Instant): VersionBounds {
    const rows = this.streams.get(stream) ?? [];
    const { writtenAt, begunAt } = this.#fates;
    const least = rows.findLast(({ id }) => (writtenAt.get(id) ?? Infinity) <= from)?.version ?? '0';
    const most = rows.findLast(({ id }) => (begunAt.get(id) ?? Infinity) <= to)?.version ?? '0';
    return { least: BigInt(least), most: BigInt(most) };
  }
}
