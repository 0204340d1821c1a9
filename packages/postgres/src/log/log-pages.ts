import { logRecord, type LogRecord } from '@leftfold/subscriptions';
import { arrayParameter } from '../column-types.ts';
import type { Database, Session } from '../database.ts';
import { GenerationMoved } from '../identity/identity-errors.ts';
import type { KnownIdentity } from '../identity/log-identity.ts';
import { storedEvent, type EventRow } from '../store/event-row.ts';
import type { WriterSchemas } from '../store/writer-schemas.ts';
import { AheadOfLog, ReaderHasXid } from './log-errors.ts';
import { filterValues, isOpen, type LogFilter } from './log-filter.ts';
import type { LogPlace } from './log-place.ts';
import type { LogStatements } from './log-statements.ts';
import { isCutAfter, type SizedRow } from './page-bytes.ts';
import { advanced, covers, EMPTY, parseSnapshot, snapshotText, windowIds, type Snapshot } from './snapshot.ts';

const INT8_MAX = 2n ** 63n - 1n;
/** More than there are lanes, each of which may be in a window of its own. */
const FLOORS = 32;

/** What stands between two places. */
export interface LogPage {
  readonly records: readonly LogRecord[];
  /** Where it begins, with its window opened. */
  readonly at: LogPlace;
  readonly to: LogPlace;
  /** Of the log, in the very statement that read this. */
  readonly generation: number;
}

/** How far the log can be read now, and what stands before that. */
export interface Boundary {
  readonly to: Snapshot;
  /** How many events are new, counted no further than was asked for. Late ones are not among them. */
  readonly fresh: number;
  readonly hasEvents: boolean;
  /** Of the log, in the very statement that drew this. */
  readonly generation: number;
}

/** What is visible in `to` and not in `from`. */
export interface Window {
  readonly from: Snapshot;
  readonly to: Snapshot;
  /** How it is read: whole and sorted for each page, or along the primary key. That is always right, and costs to find out where it begins. */
  readonly isSmall: boolean;
}

interface View {
  readonly snapshot: string;
  readonly own: string | null;
  readonly isolation: string;
  readonly generation: number | null;
}
interface Poll extends View {
  readonly highest: string | null;
  readonly fresh: number;
  readonly late: boolean;
}
interface Floor extends View {
  readonly floor: bigint;
}
interface At extends View {
  readonly lowest: string | null;
  readonly highest: string | null;
}
/** `mark`: the last one that was looked at, beyond which there may be more. 1: it fits the filter, 0: it does not. */
type PageRow = EventRow & SizedRow & { readonly mark?: number | null };

/**
 * The log in pages, by snapshot difference (PgQ's technique): a window is what is visible in one snapshot and not in the one before. Whatever commits,
 * commits into exactly one window, however long its transaction took and however low its positions are; and all windows before it hold what its streams
 * held before. No clock and no gap decides anything.
 */
export class LogPages {
  readonly #db: Database;
  readonly #statements: LogStatements;
  readonly #schemas: WriterSchemas;
  readonly #identity: KnownIdentity;
  /** Where large windows begin, by window and generation: a later one may give an old window's name to another. */
  readonly #floors = new Map<string, bigint>();

  constructor(options: {
    readonly db: Database;
    readonly statements: LogStatements;
    readonly schemas: WriterSchemas;
    readonly identity: KnownIdentity;
  }) {
    this.#db = options.db;
    this.#statements = options.statements;
    this.#schemas = options.schemas;
    this.#identity = options.identity;
  }

  /** How far a reader can read that has seen so much. @param countTo how far new events are counted @throws as {@link page} */
  async boundary(seen: Snapshot, countTo: number): Promise<Boundary> {
    const values = [seen.xmax - 1n, arrayParameter(seen.running), countTo];
    const row = one(await this.#db.session((session) => session.query<Poll>(this.#statements.poll, values)));
    const { now, generation } = this.#view(row, seen);
    const highest = row.highest === null ? undefined : BigInt(row.highest);
    return {
      to: advanced(seen, now, highest),
      fresh: row.fresh,
      hasEvents: highest !== undefined || row.late,
      generation,
    };
  }

  /**
   * A place before which no event stands that was recorded at this time or later, nor will one. What is not visible yet is either running now, and the place
   * says so, or has an id of now or later; and no id that is seen has such an event.
   */
  async at(time: Date): Promise<{ readonly place: LogPlace; readonly generation: number }> {
    const values = [time.toISOString()];
    const row = one(await this.#db.session((session) => session.query<At>(this.#statements.at, values)));
    const { now, generation } = this.#view(row, EMPTY);
    const from =
      row.lowest === null
        ? advanced(EMPTY, now, row.highest === null ? undefined : BigInt(row.highest))
        : advanced(EMPTY, now, BigInt(row.lowest) - 1n);
    return { place: { from, position: 0n }, generation };
  }

  /**
   * A page of a window, from after a position, of at most so many events.
   * @throws {@link ReaderHasXid} · {@link AheadOfLog} · {@link GenerationMoved}
   */
  async page(window: Window, after: bigint, filter: LogFilter, most: number): Promise<LogPage> {
    return this.#db.session(async (session) => {
      const { from, to } = window;
      // One more than is handed out: whether the window goes on is known without an empty page at its end.
      const limit = most + 1;
      const answered = await this.#rows(session, window, after, filter, limit);
      const { generation } = this.#view(JSON.parse(one(answered).payload) as View, to);
      const rows = answered.slice(1);
      const marked = rows.findIndex(({ mark }) => typeof mark === 'number');
      const lookedAt = marked === -1 ? rows : rows.slice(0, marked + 1);
      const isFull = lookedAt.length >= limit;
      const last = lookedAt.at(isFull ? most - 1 : -1);
      const isCut = !isFull && marked === -1 && last !== undefined && isCutAfter(last);
      const isLast = (!isFull && marked === -1 && !isCut) || last === undefined;
      const end = isLast ? filter.upTo : last.position;
      const handedOut = (isFull ? lookedAt.slice(0, most) : lookedAt).filter(({ mark }) => mark !== 0);
      const schemaOf = await this.#schemas.get(new Set(handedOut.map(({ schema_id }) => schema_id)), session);
      return {
        records: handedOut.map((row) => logRecord(storedEvent(row, schemaOf(row.schema_id)))),
        at: { from, to, position: after },
        to: end === undefined ? { from: to, position: 0n } : { from, to, position: end },
        generation,
      };
    });
  }

  /** What a statement saw, if it saw the log that this process knows. */
  #view(row: View, seen: Snapshot): { readonly now: Snapshot; readonly generation: number } {
    const known = this.#identity.generation;
    // First of all: in another generation the ids that `seen` is made of may be others'.
    if (row.generation === null || row.generation !== known) throw new GenerationMoved(known);
    return { now: snapshotOf(row, seen), generation: row.generation };
  }

  async #rows(
    session: Session,
    window: Window,
    after: bigint,
    filter: LogFilter,
    limit: number,
  ): Promise<readonly PageRow[]> {
    const { from, to, isSmall } = window;
    const { late, fresh } = windowIds(from, to);
    const common = [arrayParameter(late), after, limit];
    const filtered = isOpen(filter) ? undefined : filterValues(filter, limit);
    const { window: small, filteredWindow, backlog, filteredBacklog } = this.#statements;
    if (isSmall) {
      const values = [...common, ...intervals(fresh), ...(filtered ?? [])];
      return session.query<PageRow>(filtered === undefined ? small : filteredWindow, values);
    }
    const floor = await this.#floorOf(session, window, fresh);
    const seen = snapshotText({ xmax: from.xmax, running: [] });
    const values = [...common, floor, seen, snapshotText(to), ...(filtered ?? [])];
    return session.query<PageRow>(filtered === undefined ? backlog : filteredBacklog, values);
  }

  /** From where a large window is walked along the primary key. */
  async #floorOf(session: Session, { from, to }: Window, fresh: readonly Interval[]): Promise<bigint> {
    // The whole log is one window, and would all be visited to learn that it begins at its beginning.
    if (from.xmax === EMPTY.xmax) return 0n;
    if (fresh.length === 0) return INT8_MAX;
    const window = `${this.#identity.generation} ${snapshotText(from)}/${snapshotText(to)}`;
    const known = this.#floors.get(window);
    if (known !== undefined) return known;
    const row = one(await session.query<Floor>(this.#statements.floor, intervals(fresh)));
    // Before it is remembered: on a standby, or in a snapshot of before, the window would begin too late, for every later page too (hazards L15, L17).
    this.#view(row, to);
    const { floor } = row;
    if (this.#floors.size >= FLOORS) this.#floors.clear();
    this.#floors.set(window, floor);
    return floor;
  }
}

/**
 * The snapshot of a connection on which all that `seen` sees can be read. Looked at by the statement of each page itself: its connection may be of another server
 * than the last one, or stand in a transaction with a snapshot of before, and to either a part of the window would not be there, and be passed over for ever.
 * @throws {@link ReaderHasXid} · {@link AheadOfLog}
 */
function snapshotOf(row: View, seen: Snapshot): Snapshot {
  const now = parseSnapshot(row.snapshot);
  if (now === undefined) throw new RangeError(`Postgres answered the snapshot ${row.snapshot}`);
  if (row.own !== null) throw new ReaderHasXid(row.own);
  // At READ COMMITTED each statement has a snapshot of its own; else it may be one of before.
  if (row.isolation !== 'read committed' && !covers(now, seen)) throw new ReaderHasXid(undefined);
  if (now.xmax < seen.xmax) throw new AheadOfLog(seen.xmax - 1n, now.xmax - 1n);
  return now;
}

function one<R>([row]: readonly R[]): R {
  if (row === undefined) throw new RangeError('Postgres answered no row where there is always one');
  return row;
}

/** Open: neither end is of the window. */
interface Interval {
  readonly above: bigint;
  readonly below: bigint;
}
const intervals = (fresh: readonly Interval[]): readonly [string, string] => [
  arrayParameter(fresh.map(({ above }) => above)),
  arrayParameter(fresh.map(({ below }) => below)),
];
