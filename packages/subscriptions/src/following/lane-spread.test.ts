import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HeldLane, Member } from '../checkpoints.ts';
import { spreadLanes } from './lane-spread.ts';
import type { Lane } from '../source.ts';

const lanesOf = (...names: (string | number)[]): readonly Lane[] => names.map((name) => String(name) as Lane);
const member = (owner: string, lanes: readonly Lane[]): Member => ({ owner, lanes, endsInMs: 1_000 });
const holding = (shares: { readonly [owner: string]: readonly Lane[] }): readonly HeldLane[] =>
  Object.entries(shares).flatMap(([owner, lanes]) => lanes.map((lane) => ({ lane, owner, endsInMs: 1_000 })));
const heldAfter = (spread: ReadonlyMap<Lane, string>): readonly HeldLane[] =>
  [...spread].map(([lane, owner]) => ({ lane, owner, endsInMs: 1_000 }));
/** `a0 a1 b2`: who has what. */
const text = (spread: ReadonlyMap<Lane, string>): string =>
  [...spread]
    .map(([lane, owner]) => owner + lane)
    .sort()
    .join(' ');

describe('the lanes of a follower are spread over its processes', () => {
  const four = lanesOf(0, 1, 2, 3);
  test('one has all of them', () => {
    expect(text(spreadLanes([member('a', four)], []))).toBe('a0 a1 a2 a3');
  });
  test('who joins gets its share of who has too much, and nothing else moves', () => {
    const held = holding({ a: four });
    expect(text(spreadLanes([member('a', four), member('b', four)], held))).toBe('a0 a1 b2 b3');
    const both = holding({ a: lanesOf(0, 1), b: lanesOf(2, 3) });
    expect(
      text(
        spreadLanes(
          ['a', 'b', 'c'].map((owner) => member(owner, four)),
          both,
        ),
      ),
    ).toBe('a0 a1 b2 c3');
  });
  test('a process that stands by takes nothing from one that works, whatever their names', () => {
    const one = lanesOf(0);
    expect(text(spreadLanes([member('a', one), member('b', one)], holding({ b: one })))).toBe('b0');
  });
  test('the lanes of one that is gone go to those who are left', () => {
    const held = holding({ a: lanesOf(0, 1) });
    expect(
      text(
        spreadLanes(
          ['a', 'c'].map((owner) => member(owner, four)),
          held,
        ),
      ),
    ).toBe('a0 a1 c2 c3');
  });
  test('a lane that a process stands still before goes to the others, who give up another one for it', () => {
    const held = holding({ b: lanesOf(1) });
    expect(text(spreadLanes([member('a', lanesOf(1)), member('b', lanesOf(0, 1))], held))).toBe('a1 b0');
  });
  test('a lane that nobody else would take stays where it is, however many its owner has', () => {
    const held = holding({ a: lanesOf(0, 1, 2) });
    const spread = spreadLanes([member('a', lanesOf(0, 1, 2)), member('b', lanesOf(2))], held);
    expect(text(spread)).toBe('a0 a1 b2');
    expect(text(spreadLanes([member('a', lanesOf(0, 1, 2)), member('b', [])], held))).toBe('a0 a1 a2');
  });
  test('a stranger keeps what it has until its lease ends, and takes nobody’s share', () => {
    const held = holding({ stranger: lanesOf(0), a: lanesOf(1, 2, 3) });
    expect(
      text(
        spreadLanes(
          ['a', 'b'].map((owner) => member(owner, four)),
          held,
        ),
      ),
    ).toBe('a1 a2 b0 b3');
  });
});

const seed = Number(process.env['LEFTFOLD_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

describe(`whoever there is and whatever they hold (seed ${seed})`, () => {
  const holders = fc.array(fc.constantFrom(...names, 'gone', undefined), { minLength: 1, maxLength: 16 });
  const heldOf = (by: readonly (string | undefined)[]): readonly HeldLane[] =>
    by.flatMap((owner, lane) => (owner === undefined ? [] : [{ lane: String(lane) as Lane, owner, endsInMs: 1 }]));

  test('members that would take the same lanes get shares that differ by one at most, and each keeps what fits in its share', () => {
    fc.assert(
      fc.property(fc.subarray(names, { minLength: 1 }), holders, (owners, by) => {
        const lanes = lanesOf(...by.keys());
        const held = heldOf(by);
        const spread = spreadLanes(
          owners.map((owner) => member(owner, lanes)),
          held,
        );
        expect([...spread.keys()].toSorted()).toEqual([...lanes].toSorted());
        const [least, most] = [Math.floor(lanes.length / owners.length), Math.ceil(lanes.length / owners.length)];
        for (const owner of owners) {
          const now = [...spread].filter(([, whose]) => whose === owner).map(([lane]) => lane);
          expect([least, most]).toContain(now.length);
          const before = held.filter((lane) => lane.owner === owner).map(({ lane }) => lane);
          expect(before.filter((lane) => now.includes(lane)).length).toBe(Math.min(before.length, now.length));
        }
      }),
      { seed, numRuns: 500 },
    );
  });
  test('every lane that anybody would take has an owner who would; once all have what they shall have, nothing moves any more', () => {
    const wants = fc.array(fc.subarray([...lanesOf(0, 1, 2, 3, 4, 5, 6, 7)]), {
      minLength: 1,
      maxLength: names.length,
    });
    fc.assert(
      fc.property(wants, holders, (each, by) => {
        const members = each.map((lanes, i) => member(names[i] as string, lanes));
        const spread = spreadLanes(members, heldOf(by));
        expect(new Set(spread.keys())).toEqual(new Set(each.flat()));
        for (const [lane, owner] of spread) expect(members.find((one) => one.owner === owner)?.lanes).toContain(lane);
        expect(text(spreadLanes(members, heldAfter(spread)))).toBe(text(spread));
        expect(text(spreadLanes(members.toReversed(), heldOf(by).toReversed()))).toBe(text(spread));
      }),
      { seed, numRuns: 2_000 },
    );
  });
});
