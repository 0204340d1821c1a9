import type { AppendOutcome, StoredEvent, StreamAppend } from '@leftfold/core';
import type { InlineProjections, StreamHistory } from '@leftfold/subscriptions';
import { isolated } from './isolated.ts';
import type { MemoryReadModels } from './memory-read-models.ts';
import type { TurnTaking } from './turn-taking.ts';

/** What appends apply, and the turn in which they do. */
export interface MemoryInline {
  readonly projections: InlineProjections;
  readonly readModels: Pick<MemoryReadModels, 'begin'>;
  readonly turns: TurnTaking;
}

/** What an append would write, and how. */
export interface PreparedWrite {
  readonly events: readonly StoredEvent[];
  /** Cannot fail. */
  write(): AppendOutcome;
}

/**
 * An append with its projections: checked, folded and written in one turn, so that nobody comes between. What a fold throws leaves nothing.
 * @param prepare checks the append: its outcome where nothing is to be written.
 */
export async function appendInline(
  { projections, readModels, turns }: MemoryInline,
  appends: readonly StreamAppend[],
  prepare: () => AppendOutcome | PreparedWrite,
  history: StreamHistory,
): Promise<AppendOutcome> {
  await projections.ready(appends);
  return turns.next(async () => {
    const prepared = prepare();
    if ('kind' in prepared) return prepared;
    const { tx, commit } = readModels.begin();
    await projections.apply(tx, prepared.events.map(isolated), history);
    const outcome = prepared.write();
    commit();
    return outcome;
  });
}
