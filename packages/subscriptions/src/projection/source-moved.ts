import { DefinitionError, type Json } from '@leftfold/core';
import type { Checkpoint, FollowerId } from '../checkpoints.ts';
import { INLINE_LANE, isFedInline } from '../inline/inline.ts';
import type { AnyProjection } from './projection.ts';
import type { Source } from '../source.ts';

/** What a projector keeps beside its cursor: which kind of source it was fed from, and, where rows belong to one stream, by the streams of which category. */
export const projectorLedger = (source: Pick<Source, 'name'>, category?: string): Json => ({
  source: kindOf(source),
  ...(category !== undefined && { category }),
});
/** The kind of a source: its name's first word. */
export const kindOf = ({ name }: Pick<Source, 'name'>): string => name.split(' ', 1)[0] as string;

/** The kind of source beside a cursor; `undefined` where it is not noted: the relay's, and a place that was never saved. */
export const savedKind = ({ ledger }: Checkpoint): string | undefined => {
  const kind = (ledger as { readonly source?: unknown } | null)?.source;
  return typeof kind === 'string' ? kind : undefined;
};

/**
 * Refuses to compare places with the ends of a source that they are none of.
 * @throws {@link DefinitionError} `LF_LAG_UNKNOWN`
 */
export function refuseOtherKind(
  { name }: FollowerId,
  source: Pick<Source, 'name'>,
  saved: readonly Checkpoint[],
): void {
  for (const checkpoint of saved) {
    const kind = savedKind(checkpoint);
    // That appends feed it, too, is no place of anybody's.
    if (kind === undefined || kind === kindOf(source) || checkpoint.lane === INLINE_LANE) continue;
    throw new DefinitionError(
      'LF_LAG_UNKNOWN',
      `${name} is fed from ${kind}, so its places cannot be compared with ${source.name}; measure it \`from\` the source that it follows`,
    );
  }
}

/**
 * Refuses to feed a projection from a second source: each source begins at its own start, so in rows of several streams every event would count twice.
 * Rows of one stream know their version and skip what they have: for them it is not to be called.
 * @throws {@link DefinitionError} `LF_SOURCE_CHANGED`
 */
export function refuseMoved(
  projection: AnyProjection,
  source: Pick<Source, 'name'>,
  checkpoints: readonly Checkpoint[],
): void {
  for (const checkpoint of checkpoints) {
    const before = savedKind(checkpoint);
    if (before === undefined || before === kindOf(source)) continue;
    throw new DefinitionError(
      'LF_SOURCE_CHANGED',
      `projection ${projection.name} version ${projection.version} was fed from ${before}; from ${kindOf(source)} its rows, which many streams feed, would count every event twice: raise its version, which builds it anew`,
    );
  }
}

/**
 * Refuses to follow what this storage's appends feed, before anything is claimed.
 * @throws {@link DefinitionError} `LF_SOURCE_CHANGED`
 */
export function refuseFedInline(projection: AnyProjection, storage: Parameters<typeof isFedInline>[0]): void {
  if (!isFedInline(storage, projection)) return;
  const { name, version } = projection;
  throw new DefinitionError(
    'LF_SOURCE_CHANGED',
    `projection ${name} version ${version} is listed in \`inline\`, so appends feed it; followed as well, its rows, which many streams feed, would count every event twice`,
  );
}
