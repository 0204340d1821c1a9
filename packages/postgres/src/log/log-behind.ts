import {
  countTo,
  type Behind,
  type BehindOptions,
  type Cursor,
  type Lane,
  type LogIdentity,
} from '@leftfold/subscriptions';
import { arrayParameter } from '../column-types.ts';
import type { Database } from '../database.ts';
import { GenerationMoved } from '../identity/identity-errors.ts';
import type { BehindStatements, CountedLane } from './behind-statements.ts';
import { laneName, lanesOf } from './lane-class.ts';
import { AheadOfLog } from './log-errors.ts';
import { cursorOf, placeOf, type LogPlace } from './log-place.ts';
import { isVisible, parseSnapshot, snapshotText } from './snapshot.ts';

const INT8_MAX = 2n ** 63n - 1n;

interface Counted {
  readonly snapshot: string;
  readonly generation: number | null;
  readonly more: boolean;
  readonly lanes: string;
}

/** Counts what stands behind places of a log: one statement for all lanes that stand at one place, and mostly they do. */
export class LogBehind {
  readonly #db: Database;
  readonly #statements: BehindStatements;
  readonly #lanes: number;

  constructor({
    db,
    statements,
    lanes,
  }: {
    readonly db: Database;
    readonly statements: BehindStatements;
    readonly lanes: number;
  }) {
    this.#db = db;
    this.#statements = statements;
    this.#lanes = lanes;
  }

  /** @throws {@link GenerationMoved} · {@link AheadOfLog} · as `placeOf` */
  async count(
    places: ReadonlyMap<Lane, Cursor | 'start'>,
    identity: LogIdentity,
    options: BehindOptions | undefined,
  ): Promise<ReadonlyMap<Lane, Behind>> {
    const limit = countTo(options) * this.#lanes + 1;
    const lanes = lanesOf(this.#lanes).map((lane) => {
      const place = placeOf(places.get(laneName(lane)) ?? 'start', identity, lane);
      return { lane, place, at: cursorOf(place, identity) };
    });
    const behind = new Map<Lane, Behind>();
    for (const [, together] of Map.groupBy(lanes, ({ at }) => at)) {
      const [{ place }] = together as [(typeof together)[number]];
      const { counted, isMore } = await this.#ask(place, limit, identity);
      for (const { lane } of together) behind.set(laneName(lane), behindOf(counted.get(lane.lane), isMore));
    }
    return behind;
  }

  async #ask(
    place: LogPlace,
    limit: number,
    { generation }: LogIdentity,
  ): Promise<{ readonly counted: ReadonlyMap<number, CountedLane>; readonly isMore: boolean }> {
    const rows = await this.#db.session((session) => {
      const mask = this.#lanes - 1;
      const { from, to, position } = place;
      if (to === undefined || position === 0n) {
        const values = [arrayParameter(from.running), from.xmax - 1n, mask, limit];
        return session.query<Counted>(this.#statements.window, values);
      }
      // What ran at the first boundary is before the place's position only where the second sees it; what ran at the second alone has been passed by along the key.
      const late = [
        ...from.running.map((xid) => ({ xid, above: isVisible(to, xid) ? position : 0n, upTo: INT8_MAX })),
        ...to.running.filter((xid) => xid >= from.xmax).map((xid) => ({ xid, above: 0n, upTo: position })),
      ];
      const values = [
        arrayParameter(late.map(({ xid }) => xid)),
        arrayParameter(late.map(({ above }) => above)),
        arrayParameter(late.map(({ upTo }) => upTo)),
        mask,
        limit,
        position,
        snapshotText({ xmax: from.xmax, running: [] }),
      ];
      return session.query<Counted>(this.#statements.within, values);
    });
    const [row] = rows;
    if (row === undefined) throw new RangeError('Postgres answered no row where there is always one');
    if (row.generation !== generation) throw new GenerationMoved(generation);
    const seen = (place.to ?? place.from).xmax;
    const now = parseSnapshot(row.snapshot)?.xmax ?? 0n;
    if (now < seen) throw new AheadOfLog(seen - 1n, now - 1n);
    const counted = JSON.parse(row.lanes) as readonly CountedLane[];
    return { counted: new Map(counted.map((lane) => [lane.lane, lane])), isMore: row.more };
  }
}

function behindOf(counted: CountedLane | undefined, isMore: boolean): Behind {
  if (counted === undefined) return { events: 0, publicEvents: 0, isMore };
  const { events, public: publicEvents, oldest_ms: oldestMs, oldest_public_ms: oldestPublicMs } = counted;
  return {
    events,
    publicEvents,
    isMore,
    ...(oldestMs !== null && { oldestMs }),
    ...(oldestPublicMs !== null && { oldestPublicMs }),
  };
}
