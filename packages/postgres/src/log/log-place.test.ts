import type { Cursor } from '@leftfold/subscriptions';
import { describe, expect, test } from 'vitest';
import { cursorOf, hasPassed, placeOf, START, type LogPlace } from './log-place.ts';

const identity = { id: '7b2d6b0e-3c6c-4e6e-9a51-4a0d1a7a3a11', generation: 1 };
const at = (xmax: bigint, ...running: bigint[]) => ({ xmax, running });
const cursor = (place: LogPlace): Cursor => cursorOf(place, identity);

test.each<[string, LogPlace]>([
  ['start', START],
  ['between two windows', { from: at(20n, 10n, 14n), position: 0n }],
  ['in a window', { from: at(20n, 10n), to: at(40n, 10n, 33n), position: 1234n }],
])('a place (%s) comes back from its cursor', (_, place) => {
  expect(placeOf(cursor(place), identity)).toEqual(place);
});

test('start is the place before the first event', () => {
  expect(placeOf('start', identity)).toEqual(START);
});

test.each([
  ['another log', { id: 'd9428888-122b-11e1-b85c-61cd3cbb3210', generation: 1 }],
  ['another generation', { ...identity, generation: 2 }],
])('a cursor of %s is refused', (_, other) => {
  expect(() => placeOf(cursor(START), other)).toThrow(expect.objectContaining({ code: 'LF_OTHER_LOG' }));
});

describe('what is no cursor is refused', () => {
  const log = `${identity.id}/1`;
  test.each([
    '',
    'nonsense',
    `2/${log}/3:3:/-/0`,
    `1/${log}/3:3:/-`,
    `1/${log}/3:3:/-/0/`,
    `1/${log}/3:3:/-/5`,
    `1/${log}/3:3:/-/x`,
    `1/${log}/3:3:/-/-1`,
    `1/${log}/5:3:/-/0`,
    `1/${log}/3:3://0`,
    `1/${log}/20:20:/10:10:/0`,
  ])('%j', (text) => {
    expect(() => placeOf(text as Cursor, identity)).toThrow(expect.objectContaining({ code: 'LF_CURSOR_INVALID' }));
  });
});

test('a head is passed when everything it sees is done; half a window is not', () => {
  const head = cursor({ from: at(20n, 10n), position: 0n });
  expect(hasPassed(cursor({ from: at(20n, 10n), position: 0n }), head)).toBe(true);
  expect(hasPassed(cursor({ from: at(30n), position: 0n }), head)).toBe(true);
  expect(hasPassed(cursor({ from: at(20n, 10n, 14n), position: 0n }), head)).toBe(false);
  expect(hasPassed(cursor({ from: at(15n), to: at(30n), position: 99n }), head)).toBe(false);
  expect(hasPassed('start', head)).toBe(false);
});

test('start has passed the head of an empty log', () => {
  expect(hasPassed('start', cursor(START))).toBe(true);
});

test('a cursor of another log has not passed a head', () => {
  const foreign = cursorOf({ from: at(99n), position: 0n }, { ...identity, generation: 2 });
  expect(hasPassed(foreign, cursor({ from: at(20n), position: 0n }))).toBe(false);
});
