import { boundVersion, columnsOf } from '@leftfold/subscriptions';
import type { FollowerId, ModelTables, ModelVersion, Versions, VersionState } from '@leftfold/subscriptions';
import type { MemoryCheckpoints } from './memory-checkpoints.ts';

interface Row {
  readonly projection: string;
  readonly version: number;
  readonly columns: string | null;
  state: VersionState;
  isHeld: boolean;
  since: number;
  followedAt?: number;
}

/** Versions in memory. Each call is a turn of its own, so that of two that register together one is the first. */
export class MemoryVersions implements Versions {
  readonly #rows = new Map<string, Row>();
  readonly #checkpoints: MemoryCheckpoints;
  readonly #now: () => number;
  readonly #fedHere: readonly FollowerId[];

  /** @param fedHere versions that every append feeds */
  constructor(checkpoints: MemoryCheckpoints, now: () => number, fedHere: readonly FollowerId[] = []) {
    this.#checkpoints = checkpoints;
    this.#now = now;
    this.#fedHere = fedHere;
  }

  async register(tables: ModelTables, { isHeld = false }: { readonly isHeld?: boolean } = {}): Promise<VersionState> {
    const { projection, version } = tables;
    const known = this.#row({ name: projection, version });
    if (known !== undefined) {
      known.isHeld = known.state === 'building' && (known.isHeld || isHeld);
      return known.state;
    }
    const isFirst = [...this.#rows.values()].every((other) => other.projection !== projection);
    const state = isFirst && !isHeld ? 'live' : 'building';
    const row: Row = { projection, version, columns: columnsOf(tables), state, isHeld, since: this.#now() };
    this.#rows.set(keyOf({ name: projection, version }), row);
    return state;
  }
  async following(follower: FollowerId): Promise<VersionState | undefined> {
    const row = this.#row(follower);
    if (row) row.followedAt = this.#now();
    return row?.state;
  }
  async passed(follower: FollowerId): Promise<VersionState | undefined> {
    const row = this.#row(follower);
    if (row?.state === 'building' && !row.isHeld) this.#become(row, 'live');
    return row?.state;
  }
  async set(follower: FollowerId, state: VersionState): Promise<boolean> {
    const row = this.#row(follower);
    if (row === undefined) return false;
    row.isHeld = state === 'building';
    if (row.state !== state) this.#become(row, state);
    return true;
  }
  async list(projection?: string): Promise<readonly ModelVersion[]> {
    return this.#versions(projection);
  }
  async bound(tables: ModelTables): Promise<number | undefined> {
    return this.boundNow(tables);
  }

  /** {@link bound}, at once: nobody need be asked. */
  boundNow(tables: ModelTables): number | undefined {
    return boundVersion(tables, this.#versions(tables.projection))?.version;
  }
  /** Whether any version of the projection is registered. */
  knows(projection: string): boolean {
    return [...this.#rows.values()].some((row) => row.projection === projection);
  }

  #versions(projection: string | undefined): readonly ModelVersion[] {
    const inOrder = (a: Row, b: Row): number =>
      a.projection === b.projection ? a.version - b.version : a.projection < b.projection ? -1 : 1;
    return [...this.#rows.values()]
      .filter((row) => projection === undefined || row.projection === projection)
      .toSorted(inOrder)
      .map(({ since, followedAt, ...row }) => ({
        ...row,
        since: new Date(since),
        ...(followedAt !== undefined && { followedAt: new Date(followedAt) }),
        fedBy: this.#fedBy({ name: row.projection, version: row.version }),
      }));
  }
  #fedBy(follower: FollowerId): readonly string[] {
    const isHere = this.#fedHere.some((here) => keyOf(here) === keyOf(follower));
    return [...this.#checkpoints.members(follower), ...(isHere ? ['appends of this process'] : [])];
  }
  #become(row: Row, state: VersionState): void {
    Object.assign(row, { state, since: this.#now() });
  }
  #row(follower: FollowerId): Row | undefined {
    return this.#rows.get(keyOf(follower));
  }
}

const keyOf = ({ name, version }: FollowerId): string => JSON.stringify([name, version]);
