import type { Cursor, Lane } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { placeCursor } from './cursor.ts';
import { recordsBehind } from './records-behind.ts';

const [a, b] = ['orders/0', 'orders/1'] as [Lane, Lane];
const at = (nextOffset: bigint): Cursor => placeCursor({ last: { log: 'l', generation: 1, sequence: 1 }, nextOffset });
const ends = new Map([
  [a, { low: 0n, high: 10n }],
  [b, { low: 0n, high: 3n }],
]);

test('C12 each partition has behind it what stands up to its end; one without a place all of it', () => {
  expect(recordsBehind(ends, new Map([[a, at(7n)]]))).toEqual(
    new Map([
      [a, { events: 3, publicEvents: 3, isMore: false }],
      [b, { events: 3, publicEvents: 3, isMore: false }],
    ]),
  );
  expect(recordsBehind(ends, new Map([[a, at(10n)]])).get(a)).toMatchObject({ events: 0 });
});

test('C12 of a topic that was trimmed, a follower that never began is behind by what is there, one that fell out of it by all it has missed', () => {
  const trimmed = new Map([[a, { low: 900n, high: 1_000n }]]);
  expect(recordsBehind(trimmed, new Map()).get(a)).toMatchObject({ events: 100 });
  expect(recordsBehind(trimmed, new Map([[a, at(950n)]])).get(a)).toMatchObject({ events: 50 });
  expect(recordsBehind(trimmed, new Map([[a, at(700n)]])).get(a)).toMatchObject({ events: 300 });
});

test('C11b a place beyond the end is no lag below zero: the topic is another one', () => {
  expect(() => recordsBehind(ends, new Map([[b, at(4n)]]))).toThrow(
    expect.objectContaining({ code: 'LF_TOPIC_RECREATED' }),
  );
});

test('a place of the log is refused', () => {
  expect(() => recordsBehind(ends, new Map([[a, '1/l/1/3:3:/-/0' as Cursor]]))).toThrow(
    expect.objectContaining({ code: 'LF_CURSOR_INVALID' }),
  );
});
