import { expect, test } from 'vitest';
import type { Behind } from './behind.ts';
import { nothingBehind } from './nothing-behind.ts';
import type { Cursor, Lane } from '../source.ts';

const lanes = ['0', '1', '2'] as Lane[];
const places = new Map(lanes.map((lane) => [lane, 'here' as Cursor]));

/** A source whose lanes have their next event so many positions further on; none: nothing is there. */
function sourceWith(next: Readonly<Record<string, number | undefined>>) {
  const asked: number[] = [];
  return {
    asked,
    behind: async (_: unknown, { atMost = 10_000 }: { readonly atMost?: number } = {}) => {
      asked.push(atMost);
      const behind = (lane: Lane): Behind => {
        const at = next[lane];
        const events = at !== undefined && at <= atMost ? 1 : 0;
        return { events, publicEvents: events, isMore: at !== undefined && at > atMost };
      };
      return new Map(lanes.map((lane) => [lane, behind(lane)]));
    },
  };
}

test('what is found and what is certainly not there is known at the first look', async () => {
  const source = sourceWith({ 0: 1 });
  expect(await nothingBehind(source, places, lanes)).toEqual(new Set(['1', '2']));
  expect(source.asked).toEqual([1]);
});

test('none found within what was counted is not none there: it is looked further', async () => {
  const source = sourceWith({ 0: 500, 1: 900_000 });
  expect(await nothingBehind(source, places, lanes)).toEqual(new Set(['2']));
  expect(source.asked).toEqual([1, 1_000, 1_000_000]);
});

test('where nobody knows, nothing is said; where nobody asks, nothing is asked', async () => {
  expect(await nothingBehind({}, places, lanes)).toEqual(new Set());
  const beyond = sourceWith({ 0: 2_000_000 });
  expect(await nothingBehind(beyond, places, ['0' as Lane])).toEqual(new Set());
  const source = sourceWith({});
  expect(await nothingBehind(source, places, [])).toEqual(new Set());
  expect(source.asked).toEqual([]);
});
