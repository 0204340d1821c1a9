import { event, t } from '@leftfold/core';
import { projection } from '@leftfold/subscriptions';

// One application in several releases. All count the same events, each in its own way.

export const CATEGORY = 'tests.tally';
export const counted = event('tests.tally.counted', { by: t.int() });

const row = { id: t.string(), sum: t.int() };
const before = projection('tallies', { version: 1, key: 'id', row }).upsert(counted, (old, { data, stream }) => ({
  id: stream.key,
  sum: (old?.sum ?? 0) + data.by,
}));

/** What each release reads, and the sum that it shows of a stream with so many events, each counting one. */
export const releases = {
  before,
  /** One more column. */
  columns: projection('tallies', { version: 2, key: 'id', row: { ...row, events: t.int() } }).upsert(
    counted,
    (old, { data, stream }) => ({ id: stream.key, sum: (old?.sum ?? 0) + data.by, events: (old?.events ?? 0) + 1 }),
  ),
  /** The same columns, folded in another way. */
  fold: projection('tallies', { version: 2, key: 'id', row }).upsert(counted, (old, { data, stream }) => ({
    id: stream.key,
    sum: (old?.sum ?? 0) + 1_000 * data.by,
  })),
  /** The same version, with an index that it had not. */
  index: projection('tallies', { version: 1, key: 'id', row, indexes: [['sum']] }).upsert(
    counted,
    (old, { data, stream }) => ({ id: stream.key, sum: (old?.sum ?? 0) + data.by }),
  ),
} as const;
export type Release = keyof typeof releases;
