import type { Cursor } from '@leftfold/subscriptions';
import { describe, expect, test } from 'vitest';
import { checkCursorLanes, cursorOf, hasPassed, parseCursor, placeOf, START, type LogPlace } from './log-place.ts';

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

test('half of an opened window is passed by who has seen as much of it, or all of it', () => {
  const window = { from: at(20n, 10n), to: at(40n, 10n, 33n) };
  const head = cursor({ ...window, position: 50n });
  expect(hasPassed(cursor({ ...window, position: 50n }), head)).toBe(true);
  expect(hasPassed(cursor({ ...window, position: 49n }), head)).toBe(false);
  expect(hasPassed(cursor({ from: window.from, to: at(41n, 10n, 33n), position: 99n }), head)).toBe(false);
  expect(hasPassed(cursor({ from: window.to, position: 0n }), head)).toBe(true);
  expect(hasPassed(cursor({ from: window.from, position: 0n }), cursor({ ...window, position: 0n }))).toBe(true);
});

describe('a place of one of several lanes', () => {
  const place: LogPlace = { from: at(20n, 10n), to: at(40n, 10n, 33n), position: 1234n };
  const ofLane = (lane: number, of: number): Cursor => cursorOf(place, identity, { lane, of });

  test('names the lane and their number, and comes back for that lane alone', () => {
    expect(placeOf(ofLane(3, 4), identity, { lane: 3, of: 4 })).toEqual(place);
    expect(parseCursor(ofLane(3, 4)).lane).toEqual({ lane: 3, of: 4 });
    expect(parseCursor(cursor(place)).lane).toEqual({ lane: 0, of: 1 });
  });
  test.each([
    ['another number', ofLane(1, 2), { lane: 1, of: 4 }, 'LF_LANES_CHANGED'],
    ['a single lane', cursor(place), { lane: 0, of: 4 }, 'LF_LANES_CHANGED'],
    ['several, for a single lane', ofLane(0, 2), { lane: 0, of: 1 }, 'LF_LANES_CHANGED'],
    ['its neighbour', ofLane(2, 4), { lane: 1, of: 4 }, 'LF_CURSOR_INVALID'],
  ])('is refused when it is of %s', (_, saved, lane, code) => {
    expect(() => placeOf(saved, identity, lane)).toThrow(expect.objectContaining({ code }));
  });
  test('is checked for its number alone', () => {
    checkCursorLanes(ofLane(2, 4), 4);
    expect(() => checkCursorLanes(ofLane(2, 4), 2)).toThrow(expect.objectContaining({ code: 'LF_LANES_CHANGED' }));
  });
  test('has passed no head of another lane', () => {
    expect(hasPassed(ofLane(1, 4), ofLane(1, 4))).toBe(true);
    expect(hasPassed(ofLane(1, 4), ofLane(2, 4))).toBe(false);
    expect(hasPassed(ofLane(1, 4), ofLane(1, 2))).toBe(false);
    expect(hasPassed(cursor(place), ofLane(0, 4))).toBe(false);
  });
  test.each(['4.4', '0.1', '1', '-1.4', '1.4.2', '01.x'])('with %j for a lane is none', (lane) => {
    const text = `${cursor(place)}/${lane}` as Cursor;
    expect(() => parseCursor(text)).toThrow(expect.objectContaining({ code: 'LF_CURSOR_INVALID' }));
  });
});
