import { boundVersion, columnsOf } from '@leftfold/subscriptions';
import type { FollowerId, ModelTables, ModelVersion, Versions, VersionState } from '@leftfold/subscriptions';
import type { Database } from '../database.ts';
import { lacksPrivilege } from '../driver-fault.ts';
import { isFedHere } from './fed-here.ts';
import { LookedAt } from './looked-at.ts';
import { readVersions } from './read-versions.ts';
import { versionStatements } from './version-statements.ts';

/** How versions are told. */
export interface VersionsOptions {
  /** Versions that every append of this process feeds, so that they count as fed here. */
  readonly fedHere?: readonly FollowerId[];
}
interface StateRow {
  readonly state: VersionState;
}

/** {@link Versions} in the log's own schema, one statement each. */
export function postgresVersions(database: Database, { fedHere = [] }: VersionsOptions = {}): Versions {
  const statements = versionStatements(database.schema);
  const list = async (projection?: string): Promise<readonly ModelVersion[]> =>
    isFedHere(
      await readVersions(database, statements.list, projection === undefined ? undefined : [projection]),
      fedHere,
    );
  const looked = new Map<string, LookedAt<readonly ModelVersion[]>>();
  const versionsOf = (projection: string): LookedAt<readonly ModelVersion[]> => {
    const known = looked.get(projection) ?? new LookedAt(() => list(projection));
    looked.set(projection, known);
    return known;
  };
  /** What was looked at before is of no use to whoever has just changed it. */
  const changing = async <T>({ name }: FollowerId, change: () => Promise<T>): Promise<T> => {
    try {
      return await change();
    } finally {
      looked.delete(name);
    }
  };
  const states = async (
    statement: keyof typeof statements,
    values: readonly unknown[],
  ): Promise<VersionState | undefined> => (await database.query<StateRow>(statements[statement], values))[0]?.state;

  return {
    async register(tables, { isHeld = false } = {}) {
      const { projection, version } = tables;
      const columns = columnsOf(tables);
      const [found] = await database.query<StateRow & { readonly held: boolean; readonly knows: boolean }>(
        statements.find,
        [projection, version],
      );
      // The usual case, at every start, and all that a login may do that only reads.
      if (found && (found.knows || columns === null) && (!isHeld || found.held || found.state === 'live'))
        return found.state;
      try {
        return await changing({ name: projection, version }, () =>
          database.transaction(async (tx) => {
            await tx.query(statements.alone, [`${database.schema} versions of ${projection}`]);
            const [row] = await tx.query<StateRow>(statements.register, [projection, version, columns, isHeld]);
            return (row as StateRow).state;
          }),
        );
      } catch (error) {
        // Its columns are noted by whoever may: who only reads must be able to start before.
        if (found && !isHeld && lacksPrivilege(error)) return found.state;
        throw error;
      }
    },
    following: (follower) => changing(follower, () => states('following', [follower.name, follower.version])),
    passed: (follower) => changing(follower, () => states('passed', [follower.name, follower.version])),
    set: (follower, state) =>
      changing(follower, async () => (await states('set', [follower.name, follower.version, state])) !== undefined),
    list,
    bound: async (tables: ModelTables) => {
      const known = versionsOf(tables.projection);
      // Who can read nothing waits for it, and is not told of it late.
      const bound = boundVersion(tables, await known.now()) ?? boundVersion(tables, await known.again());
      return bound?.version;
    },
  };
}
