import type { Cursor } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { cursorOffset, endCursor, parsePlace, placeCursor } from './cursor.ts';

const place = { last: { log: '0199-a', generation: 3, sequence: 41 }, nextOffset: 9_007_199_254_740_993n };

test('a place is read back as it was written, also beyond 2⁵³', () => {
  expect(placeCursor(place)).toBe('k1/0199-a/3/41/9007199254740993');
  expect(parsePlace(placeCursor(place))).toEqual(place);
});

test('a place before the first record is told from one behind it', () => {
  const before = { last: 'start' as const, nextOffset: 12n };
  expect(placeCursor(before)).toBe('k1//0/0/12');
  expect(parsePlace(placeCursor(before))).toEqual(before);
});

test('the id of the topic stands behind all else, where it is known', () => {
  const known = { ...place, topicId: '0a1b2c3d-0a1b-4c3d-8e9f-0a1b2c3d4e5f' };
  expect(placeCursor(known)).toBe(`${placeCursor(place)}/0a1b2c3d-0a1b-4c3d-8e9f-0a1b2c3d4e5f`);
  expect(parsePlace(placeCursor(known))).toEqual(known);
  expect(cursorOffset(placeCursor(known))).toBe(place.nextOffset);
});

test('the id of a log may hold a slash', () => {
  const odd = { last: { log: 'a/b end', generation: 1, sequence: 1 }, nextOffset: 1n };
  expect(parsePlace(placeCursor(odd))).toEqual(odd);
});

test.each(['', 'start', 'w1/17:17:', 'k1/x/1/1', 'k1/x/1/1/-1', 'k2/x/1/1/1', 'k1/x/1/1/1/1', endCursor(5n)])(
  '%j is refused as a place to read on from',
  (text) => {
    expect(() => parsePlace(text as Cursor)).toThrow(expect.objectContaining({ code: 'LF_CURSOR_INVALID' }));
  },
);

test('a follower has passed an end when its next offset reaches it', () => {
  expect(cursorOffset('start')).toBe(0n);
  expect(cursorOffset(endCursor(7n))).toBe(7n);
  expect(cursorOffset(placeCursor(place))).toBe(place.nextOffset);
});
