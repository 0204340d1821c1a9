import type { SourceRecord } from '../source.ts';

/** It says what became of an event that was withheld (hazard R15). */
export const isSettlement = ({ mark }: SourceRecord): boolean => mark?.kind === 'redriven' || mark?.kind === 'given-up';

/** Events up to the next one that was redriven or given up, then that one: it changes what is parked, and so what becomes of those behind it. The last stretch has none, and may be empty. */
export function* stretches(
  records: readonly SourceRecord[],
  isSettling: (record: SourceRecord) => boolean,
): Generator<{
  readonly records: readonly SourceRecord[];
  readonly settlement?: SourceRecord;
  readonly isLast: boolean;
}> {
  let from = 0;
  for (const [i, settlement] of records.entries()) {
    if (!isSettling(settlement)) continue;
    yield { records: records.slice(from, i), settlement, isLast: false };
    from = i + 1;
  }
  yield { records: records.slice(from), isLast: true };
}
