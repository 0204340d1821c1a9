import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  advanced,
  covers,
  EMPTY,
  isVisible,
  parseSnapshot,
  snapshotText,
  windowIds,
  type Snapshot,
} from './snapshot.ts';

const snapshot = (xmax: number, ...running: number[]): Snapshot => ({
  xmax: BigInt(xmax),
  running: running.map(BigInt),
});

/** A cluster's history: which of the first ids have ended, at two moments one after the other, and which wrote events. */
const history = fc
  .record({
    ids: fc.array(
      fc.record({
        endedAt: fc.constantFrom(1, 2, 3),
        hasEvents: fc.boolean(),
      }),
      { maxLength: 12 },
    ),
    beganBefore: fc.nat(12),
  })
  .map(({ ids, beganBefore }) => {
    const each = ids.map(({ endedAt, hasEvents }, i) => ({
      xid: BigInt(i + 3),
      hasEvents,
      // What had not begun at the first moment had not ended either.
      endedAt: i >= beganBefore && endedAt === 1 ? 2 : endedAt,
    }));
    const seen = (moment: number, count: number): Snapshot => ({
      xmax: BigInt(count + 3),
      running: each.slice(0, count).flatMap(({ xid, endedAt }) => (endedAt > moment ? [xid] : [])),
    });
    const isEvent = (xid: bigint): boolean => each[Number(xid) - 3]?.hasEvents ?? false;
    return {
      all: each.map(({ xid }) => xid),
      isEvent,
      first: seen(1, Math.min(beganBefore, ids.length)),
      second: seen(2, ids.length),
    };
  });

/** The boundary that a reader which has seen nothing draws at a moment. */
function boundary(now: Snapshot, seen: Snapshot, all: readonly bigint[], isEvent: (xid: bigint) => boolean): Snapshot {
  const highest = all.findLast((xid) => isEvent(xid) && isVisible(now, xid) && xid >= seen.xmax);
  return advanced(seen, now, highest);
}

describe('the text form', () => {
  test.each(['3:3:', '10:20:10,14,15', '10:20:', '9223372036854775806:9223372036854775807:9223372036854775806'])(
    '%s is read and written',
    (text) => {
      const parsed = parseSnapshot(text);
      expect(parsed).toBeDefined();
      const xmin = parsed?.running[0] ?? parsed?.xmax;
      expect(parsed && snapshotText(parsed)).toBe([xmin, parsed?.xmax, parsed?.running.join(',')].join(':'));
    },
  );
  test.each([
    '',
    '3',
    '3:3',
    '0:3:',
    '5:3:',
    '3:5:5',
    '3:5:2',
    '3:9:4,4',
    '3:9:5,4',
    '3:9:4,',
    '-1:3:',
    'a:b:c',
    ' 3:3:',
  ])('%j is none', (text) => {
    expect(parseSnapshot(text)).toBeUndefined();
  });
});

test('what was running, and what came later, is not visible', () => {
  const seen = snapshot(20, 10, 14);
  expect([9n, 10n, 11n, 14n, 19n, 20n, 21n].filter((xid) => isVisible(seen, xid))).toEqual([9n, 11n, 19n]);
});

test('nothing is visible in the empty snapshot that a transaction could have written', () => {
  expect(isVisible(EMPTY, 3n)).toBe(false);
});

test('one snapshot covers another when it sees all that the other sees', () => {
  expect(covers(snapshot(20, 10), snapshot(20, 10, 14))).toBe(true);
  expect(covers(snapshot(20, 10, 14), snapshot(20, 10))).toBe(false);
  expect(covers(snapshot(20), snapshot(22, 20, 21))).toBe(true);
  expect(covers(snapshot(20), snapshot(22, 20))).toBe(false);
  expect(covers(EMPTY, EMPTY)).toBe(true);
  fc.assert(
    fc.property(history, ({ all, first, second }) => {
      const sees = (wide: Snapshot, narrow: Snapshot): boolean =>
        all.every((xid) => !isVisible(narrow, xid) || isVisible(wide, xid));
      expect(covers(second, first)).toBe(sees(second, first));
      expect(covers(first, second)).toBe(sees(first, second));
    }),
  );
});

test('L18 a boundary ends behind the last event that is seen, not where the cluster is', () => {
  expect(advanced(snapshot(10), snapshot(500, 7, 12, 400), 20n)).toEqual(snapshot(21, 7, 12));
  expect(advanced(snapshot(10, 7), snapshot(500, 400), undefined)).toEqual(snapshot(10));
});

test('a boundary sees the very events that the snapshot sees it was cut from', () => {
  fc.assert(
    fc.property(history, ({ all, isEvent, first, second }) => {
      const one = boundary(first, EMPTY, all, isEvent);
      const two = boundary(second, one, all, isEvent);
      for (const xid of all.filter(isEvent)) {
        expect(isVisible(one, xid)).toBe(isVisible(first, xid));
        expect(isVisible(two, xid)).toBe(isVisible(second, xid));
      }
      expect(covers(two, one)).toBe(true);
    }),
  );
});

test('a window is made of exactly what is visible in the second boundary and not in the first', () => {
  fc.assert(
    fc.property(history, ({ all, isEvent, first, second }) => {
      const one = boundary(first, EMPTY, all, isEvent);
      const two = boundary(second, one, all, isEvent);
      const { late, fresh } = windowIds(one, two);
      const inWindow = all.filter(
        (xid) => late.includes(xid) || fresh.some(({ above, below }) => above < xid && xid < below),
      );
      expect(inWindow).toEqual(all.filter((xid) => isVisible(two, xid) && !isVisible(one, xid)));
    }),
  );
});
