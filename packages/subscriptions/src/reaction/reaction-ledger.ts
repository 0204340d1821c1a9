import type { Json } from '@leftfold/core';
import { DefinitionError } from '@leftfold/core';
import type { Checkpoint } from '../checkpoints.ts';
import { projectorLedger } from '../projection/source-moved.ts';
import type { AnyReaction } from './reaction.ts';
import type { Cursor, Source, SourceRecord } from '../source.ts';

/**
 * Streams that are dealt with further than the saved place says: up to which version, by {@link streamKey}. Effects are slow, and a batch holds many: what is done of one is
 * saved now and then, so that a crash repeats few of them. Versions say it however the source cuts its batches next.
 */
export type DoneVersions = ReadonlyMap<string, bigint>;
export const NONE_DONE: DoneVersions = new Map();

/** Names a stream across tenants. A tenant holds no `/`. */
export const streamKey = ({ tenant, stream }: Pick<SourceRecord, 'tenant' | 'stream'>): string => `${tenant}/${stream}`;

/** What a reaction keeps beside a cursor. */
export function reactionLedger(
  source: Pick<Source, 'name'>,
  cursor: Cursor,
  done: DoneVersions = NONE_DONE,
): { readonly [name: string]: Json } {
  const kind = projectorLedger(source) as { readonly [name: string]: Json };
  return done.size === 0
    ? kind
    : { ...kind, at: cursor, done: Object.fromEntries([...done].map(([key, version]) => [key, String(version)])) };
}
/**
 * What is dealt with beyond the place that this stands beside. Nothing, where it was written beside another: a log that has lost events goes on in a new generation, and every cursor is
 * carried over to it; but what lay beyond the cursor is lost, and its versions are given to other events, whose effects nobody has run (hazard R13).
 */
export function doneIn({ cursor, ledger }: Pick<Checkpoint, 'cursor' | 'ledger'>): DoneVersions {
  const { at, done } = (ledger ?? {}) as { readonly at?: string; readonly done?: { readonly [key: string]: string } };
  if (done === undefined || at !== cursor) return NONE_DONE;
  return new Map(Object.entries(done).map(([key, version]) => [key, BigInt(version)]));
}

/**
 * Refuses to follow a second source: it would begin at its start, and every effect be run again.
 * @throws {@link DefinitionError} `LF_SOURCE_CHANGED`
 */
export function refuseOtherSource(reaction: AnyReaction, source: Pick<Source, 'name'>, ledger: Json): void {
  const kindIn = (of: Json): string | undefined => (of as { readonly source?: string } | null)?.source;
  const [before, now] = [kindIn(ledger), kindIn(projectorLedger(source))];
  if (before === undefined || before === now) return;
  throw new DefinitionError(
    'LF_SOURCE_CHANGED',
    `reaction ${reaction.name} followed ${before}; ${String(now)} begins at its own start, so every effect would be run again: ` +
      'let it follow what it followed, or give it another name, which begins anew',
  );
}
