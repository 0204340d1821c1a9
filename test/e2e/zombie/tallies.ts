import { event, t } from '@leftfold/core';
import { projection } from '@leftfold/subscriptions';

export const CATEGORY = 'tests.tally';
export const counted = event('tests.tally.counted', { by: t.int() });

/** A row for each stream: whatever is applied twice, skipped or out of turn shows in it. */
export const tallies = projection('tallies', {
  version: 1,
  key: 'id',
  row: { id: t.string(), sum: t.int(), steps: t.string() },
}).upsert(counted, (row, { data, stream }) => ({
  id: stream.key,
  sum: (row?.sum ?? 0) + data.by,
  steps: `${row?.steps ?? ''}${data.by} `,
}));
