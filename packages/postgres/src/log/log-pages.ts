import type { LogRecord } from '@leftfold/subscriptions';
import { arrayParameter } from '../column-types.ts';
import type { Database, Session } from '../database.ts';
import { LogOnStandby } from '../storage-errors.ts';
import type { EventRow } from '../store/event-row.ts';
import type { WriterSchemas } from '../store/writer-schemas.ts';
import { AheadOfLog, ReaderHasXid } from './log-errors.ts';
import type { LogPlace } from './log-place.ts';
import { logRecord } from './log-record.ts';
import type { LogStatements } from './log-statements.ts';
import {
  advanced,
  covers,
  EMPTY,
  parseSnapshot,
  snapshotText,
  windowIds,
  type Snapshot,
  type WindowIds,
} from './snapshot.ts';

/** A window with at most so many times a page's events is sorted for each page; a larger one is read along the primary key. */
const SMALL_WINDOW_PAGES = 4;
const INT8_MAX = 2n ** 63n - 1n;

/** What stands between two places. */
export interface LogPage {
  readonly records: readonly LogRecord[];
  /** Where it begins, with its window opened. */
  readonly at: LogPlace;
  readonly to: LogPlace;
}

interface View {
  readonly snapshot: string;
  readonly own: string | null;
  readonly standby: boolean;
  readonly isolation: string;
}
interface Poll extends View {
  readonly highest: string | null;
  readonly fresh: number;
  readonly late: boolean;
}
interface Boundary {
  readonly to: Snapshot;
  readonly fresh: number;
  readonly hasEvents: boolean;
}

/**
 * The log in pages, by snapshot difference (PgQ's technique): a window is what is visible in one snapshot and not in the one before. Whatever commits,
 * commits into exactly one window, however long its transaction took and however low its positions are; and all windows before it hold what its streams
 * held before. No clock and no gap decides anything.
 *
 * Not concurrent: one follower, one object.
 */
export class LogPages {
  readonly #db: Database;
  readonly #statements: LogStatements;
  readonly #schemas: WriterSchemas;
  readonly #batchSize: number;
  /** Of the window that is being read: how it is read. */
  #plan: { readonly window: string; readonly floor: bigint | undefined } | undefined;

  constructor(
    options: { readonly db: Database; readonly statements: LogStatements; readonly schemas: WriterSchemas },
    batchSize: number,
  ) {
    this.#db = options.db;
    this.#statements = options.statements;
    this.#schemas = options.schemas;
    this.#batchSize = batchSize;
  }

  /**
   * The page after a place; `undefined` while there is none.
   * @param settle answers a page without records when nothing came, but transactions that ran at the boundary have ended: whoever waits for the end of the
   * log could not be told otherwise that none of them left an event.
   */
  async next(place: LogPlace, settle: boolean): Promise<LogPage | undefined> {
    return this.#db.session(async (session) => {
      if (place.to !== undefined) {
        snapshotOf(one(await session.query<View>(this.#statements.look)), place.to);
        return this.#page(session, place, place.to);
      }
      const { to, fresh, hasEvents } = await this.#boundary(
        session,
        place.from,
        this.#batchSize * SMALL_WINDOW_PAGES + 1,
      );
      if (!hasEvents) {
        const isSettled = to.running.length === place.from.running.length;
        return isSettled || !settle ? undefined : pageWithout(place, to);
      }
      const isSmall = fresh <= this.#batchSize * SMALL_WINDOW_PAGES;
      if (isSmall) this.#plan = { window: windowName(place.from, to), floor: undefined };
      return this.#page(session, { ...place, to }, to);
    });
  }

  /** The end of the log now. */
  async end(): Promise<LogPlace> {
    const { to } = await this.#db.session((session) => this.#boundary(session, EMPTY, 0));
    return { from: to, position: 0n };
  }

  async #boundary(session: Session, seen: Snapshot, countTo: number): Promise<Boundary> {
    const values = [seen.xmax - 1n, arrayParameter(seen.running), countTo];
    const row = one(await session.query<Poll>(this.#statements.poll, values));
    const now = snapshotOf(row, seen);
    const highest = row.highest === null ? undefined : BigInt(row.highest);
    return {
      to: advanced(seen, now, highest),
      fresh: row.fresh,
      hasEvents: highest !== undefined || row.late,
    };
  }

  async #page(session: Session, at: LogPlace, to: Snapshot): Promise<LogPage> {
    const ids = windowIds(at.from, to);
    // One more than is handed out: whether the window goes on is known without an empty page at its end.
    const limit = this.#batchSize + 1;
    const floor = await this.#floor(session, at.from, to, ids);
    const rows =
      floor === undefined
        ? await session.query<EventRow>(this.#statements.window, [
            arrayParameter(ids.late),
            at.position,
            limit,
            ...intervals(ids),
          ])
        : await session.query<EventRow>(this.#statements.backlog, [
            arrayParameter(ids.late),
            at.position,
            limit,
            floor,
            snapshotText({ xmax: at.from.xmax, running: [] }),
            snapshotText(to),
          ]);
    const handedOut = rows.slice(0, this.#batchSize);
    const last = handedOut.at(-1);
    const schemaOf = await this.#schemas.get(new Set(handedOut.map(({ schema_id }) => schema_id)), session);
    const isLast = rows.length < limit || last === undefined;
    return {
      records: handedOut.map((row) => logRecord(row, schemaOf(row.schema_id))),
      at: { ...at, to },
      to: isLast ? { from: to, position: 0n } : { from: at.from, to, position: last.position },
    };
  }

  /** From where a large window is walked along the primary key; `undefined` for a small one. A window met in its midst counts as large: that is always right. */
  async #floor(session: Session, from: Snapshot, to: Snapshot, ids: WindowIds): Promise<bigint | undefined> {
    const window = windowName(from, to);
    if (this.#plan?.window !== window) {
      this.#plan = { window, floor: await this.#askFloor(session, from, ids) };
    }
    return this.#plan.floor;
  }
  async #askFloor(session: Session, from: Snapshot, ids: WindowIds): Promise<bigint> {
    // The whole log is one window, and would all be visited to learn that it begins at its beginning.
    if (from.xmax === EMPTY.xmax) return 0n;
    if (ids.fresh.length === 0) return INT8_MAX;
    const [row] = await session.query<{ readonly floor: bigint }>(this.#statements.floor, intervals(ids));
    return row?.floor ?? 0n;
  }
}

/**
 * The snapshot of a connection on which all that `seen` sees can be read. Asked for on the connection of each page: the next one may be of another server, or
 * stand in a transaction with a snapshot of before, and to either a part of the window would not be there, and be passed over for ever.
 * @throws {@link LogOnStandby} · {@link ReaderHasXid} · {@link AheadOfLog}
 */
function snapshotOf(row: View, seen: Snapshot): Snapshot {
  const now = parseSnapshot(row.snapshot);
  if (now === undefined) throw new RangeError(`Postgres answered the snapshot ${row.snapshot}`);
  if (row.standby) throw new LogOnStandby();
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

function pageWithout({ from }: LogPlace, to: Snapshot): LogPage {
  return { records: [], at: { from, to, position: 0n }, to: { from: to, position: 0n } };
}

const intervals = ({ fresh }: WindowIds): readonly [string, string] => [
  arrayParameter(fresh.map(({ above }) => above)),
  arrayParameter(fresh.map(({ below }) => below)),
];

const windowName = (from: Snapshot, to: Snapshot): string => `${snapshotText(from)}/${snapshotText(to)}`;
