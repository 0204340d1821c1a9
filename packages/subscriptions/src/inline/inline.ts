import type { Lane } from '../source.ts';
import type { AnyProjection } from '../projection/projection.ts';

/** Where it is noted beside a follower's checkpoints that appends feed its tables. No source has a lane of this name, and nobody ever owns it. */
export const INLINE_LANE: Lane = 'inline' as Lane;
/** The kind of source that is noted there. */
export const INLINE = 'inline';

/** The projections that a storage applies inside its appends. */
export interface Inline {
  readonly projections: readonly AnyProjection[];
  /**
   * Makes their tables and notes that they are fed inline, as the first append that needs them does otherwise: what is refused is then known at the start of a process.
   * @throws `LF_ROW_TABLE_CHANGED` · `LF_SOURCE_CHANGED`
   */
  prepare(): Promise<void>;
}

/**
 * Whether the appends of this storage are all that may feed the projection: its rows are of several streams, so that each event would count twice if it were followed as well.
 * Rows of one stream skip what they have: they may be fed inline and followed at once.
 */
export function isFedInline(
  { inline }: { readonly inline?: Pick<Inline, 'projections'> },
  projection: Pick<AnyProjection, 'name' | 'version' | 'order'>,
): boolean {
  const { name, version, order } = projection;
  return order === 'any' && (inline?.projections ?? []).some((each) => each.name === name && each.version === version);
}
