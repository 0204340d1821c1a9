import type { ModelTables } from '../read-models.ts';
import type { ModelVersion } from '../versions.ts';
import { columnsFingerprint } from './columns-fingerprint.ts';

/** What is looked at of a version. */
export type Bindable = Pick<ModelVersion, 'version' | 'columns' | 'state' | 'followedAt' | 'fedBy'>;

/**
 * Which of a projection's versions queries of these tables read: {@link Versions.bound}'s rule.
 *
 * Only live ones whose columns this code knows. Of these the newest that is fed, because after a deploy was taken back the newest is fed by nobody, and its rows stand still. While none is
 * fed, as when the only projector starts anew, the one that was followed last, for the same reason.
 */
export function boundVersion<V extends Bindable>(tables: ModelTables, versions: readonly V[]): V | undefined {
  const columns = columnsOf(tables);
  const readable = versions.filter(
    (one) => one.state === 'live' && (one.version === tables.version || (columns !== null && one.columns === columns)),
  );
  const fed = readable.filter(({ fedBy }) => fedBy.length > 0);
  const newest = (a: V, b: V): number => b.version - a.version;
  const lastFollowed = (a: V, b: V): number => followedAt(b) - followedAt(a) || newest(a, b);
  return fed.length > 0 ? fed.toSorted(newest)[0] : readable.toSorted(lastFollowed)[0];
}

/** What a version is registered with: {@link columnsFingerprint}, or `null` of tables that a projection makes itself. */
export const columnsOf = (tables: ModelTables): string | null =>
  'columns' in tables ? columnsFingerprint(tables) : null;

const followedAt = (one: Bindable): number => one.followedAt?.getTime() ?? 0;
