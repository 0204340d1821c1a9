import { DefinitionError, type Json } from '@leftfold/core';
import type { Checkpoint } from './checkpoints.ts';
import type { AnyProjection } from './projection.ts';
import type { Source } from './source.ts';

/** What a projector keeps beside its cursor: which kind of source it was fed from, and, where rows belong to one stream, by the streams of which category. */
export const projectorLedger = (source: Pick<Source, 'name'>, category?: string): Json => ({
  source: kindOf(source),
  ...(category !== undefined && { category }),
});
const kindOf = ({ name }: Pick<Source, 'name'>): string => name.split(' ', 1)[0] as string;

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
  for (const { ledger } of checkpoints) {
    const before = (ledger as { readonly source?: unknown } | null)?.source;
    if (typeof before !== 'string' || before === kindOf(source)) continue;
    throw new DefinitionError(
      'LF_SOURCE_CHANGED',
      `projection ${projection.name} version ${projection.version} was fed from ${before}; from ${kindOf(source)} its rows, which many streams feed, would count every event twice: raise its version, which builds it anew`,
    );
  }
}
