import type { Cursor, Lane } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { placeCursor } from './cursor.ts';
import { openPlace } from './open-place.ts';

const LANE = 'orders/0' as Lane;
const [ID, OTHER] = ['0a1b2c3d-0a1b-4c3d-8e9f-0a1b2c3d4e5f', 'ffffffff-0a1b-4c3d-8e9f-0a1b2c3d4e5f'];
const last = { log: 'a', generation: 1, sequence: 5 };
const at = (nextOffset: bigint, topicId?: string) =>
  placeCursor({ last, nextOffset, ...(topicId !== undefined && { topicId }) });
const now = (low: bigint, high: bigint, topicId?: string) => ({ low, high, topicId });

test('a place within what the partition holds, its edges included, is where to begin', () => {
  for (const offset of [3n, 5n, 9n])
    expect(openPlace(LANE, at(offset), now(3n, 9n))).toEqual({ last, nextOffset: offset });
  expect(openPlace(LANE, 'start', now(0n, 0n))).toEqual({ last: 'start', nextOffset: 0n });
  expect(openPlace(LANE, 'start', now(0n, 9n))).toEqual({ last: 'start', nextOffset: 0n });
});

test('C11 what retention has passed is refused, and so is a beginning of which nothing is left', () => {
  const code = expect.objectContaining({ code: 'LF_RETENTION_PASSED', retryable: false });
  expect(() => openPlace(LANE, at(2n), now(3n, 9n))).toThrow(code);
  expect(() => openPlace(LANE, 'start', now(9n, 9n))).toThrow(code);
});

test('C11b a place beyond the end, or of a topic with another id, is none of this topic', () => {
  const code = expect.objectContaining({ code: 'LF_TOPIC_RECREATED', retryable: false });
  expect(() => openPlace(LANE, at(10n), now(3n, 9n))).toThrow(code);
  expect(() => openPlace(LANE, at(5n, ID), now(3n, 9n, OTHER))).toThrow(code);
  // The cursor is an old one, but this process has read from it when the topic was another one.
  expect(() => openPlace(LANE, at(5n), now(3n, 9n, OTHER), ID)).toThrow(code);
});

test('the id of the topic is learned where it can be, kept where it cannot, and new for who has read nothing', () => {
  expect(openPlace(LANE, at(5n), now(3n, 9n, ID))).toMatchObject({ topicId: ID });
  expect(openPlace(LANE, at(5n, ID), now(3n, 9n))).toMatchObject({ topicId: ID });
  expect(openPlace(LANE, 'start', now(0n, 9n, OTHER), ID)).toMatchObject({ topicId: OTHER });
});

test('what is no place in a partition is refused', () => {
  expect(() => openPlace(LANE, 'm1/x/5' as Cursor, now(0n, 9n))).toThrow(
    expect.objectContaining({ code: 'LF_CURSOR_INVALID' }),
  );
});
