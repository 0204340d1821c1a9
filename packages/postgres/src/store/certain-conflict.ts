import type { AppendOutcome } from '@leftfold/core';
import type { AppendCall } from './appends.ts';
import { headExpectation } from './append-values.ts';

/**
 * The outcome of an append that waited while another one of this process moved its stream away from under it: a version never comes back, so it need not be
 * sent to learn of it. Sixteen writers of one stream would otherwise spend most of their time on statements that cannot succeed (0013).
 *
 * `undefined`: not certain. It is only where the very version expected was the one that the other append found; one with a reply goes to the database,
 * since its key may have been answered, and so does the same append sent again.
 */
export function certainConflict(
  waiting: AppendCall,
  appended: AppendCall,
  outcome: AppendOutcome,
): AppendOutcome | undefined {
  const [mine, theirs] = [waiting.written[0], appended.written[0]];
  if (mine === undefined || theirs === undefined || waiting.reply !== undefined) return undefined;
  if (outcome.kind !== 'appended' || outcome.already) return undefined;
  const [after] = outcome.versions;
  if (after === undefined || mine.stream.id !== theirs.stream.id || mine.stream.tenant !== theirs.stream.tenant)
    return undefined;
  if (mine.stream.category !== theirs.stream.category || mine.events[0]?.id === theirs.events[0]?.id) return undefined;
  const before = after - BigInt(theirs.events.length);
  const kind = headExpectation(mine.expect);
  const isGone = kind === 'exact' ? mine.expect === before : kind === 'absent' && before === 0n;
  return isGone ? { kind: 'conflict', stream: mine.stream.id, actual: after } : undefined;
}
