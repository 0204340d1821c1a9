import type { ModelVersion, VersionState } from '@leftfold/subscriptions';
import { arrayParameter } from '../column-types.ts';
import type { Session } from '../database.ts';
import type { Statement } from '../statement.ts';

interface Row {
  readonly projection: string;
  readonly version: number;
  readonly columns: string | null;
  readonly state: VersionState;
  readonly held: boolean;
  readonly since: Date;
  readonly followed_at: Date | null;
  /** JSON text. */
  readonly fed_by: string | null;
}

/** The versions of these projections, or of all, one statement. @param list of the version statements */
export async function readVersions(
  session: Pick<Session, 'query'>,
  list: Statement,
  projections?: readonly string[],
): Promise<readonly ModelVersion[]> {
  const rows = await session.query<Row>(list, [projections === undefined ? null : arrayParameter(projections)]);
  return rows.map(({ projection, version, columns, state, held, since, followed_at: followedAt, fed_by: fedBy }) => ({
    projection,
    version,
    columns,
    state,
    isHeld: held,
    since,
    ...(followedAt && { followedAt }),
    fedBy: fedBy === null ? [] : (JSON.parse(fedBy) as readonly string[]),
  }));
}
