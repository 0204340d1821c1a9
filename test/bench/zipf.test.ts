import { expect, test } from 'vitest';
import { HeldStreams } from './held-streams.ts';
import { SeededRandom } from './seeded-random.ts';
import { Zipf } from './zipf.ts';

test('the first is drawn about twice as often as the second and ten times as often as the tenth', () => {
  const zipf = new Zipf(10_000, new SeededRandom(3));
  const counts = new Map<number, number>();
  for (let i = 0; i < 100_000; i++) {
    const drawn = zipf.draw();
    counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
  }
  const [first = 0, second = 0, tenth = 0] = [counts.get(0), counts.get(1), counts.get(9)];
  expect(first / second).toBeGreaterThan(1.8);
  expect(first / second).toBeLessThan(2.2);
  expect(first / tenth).toBeGreaterThan(8);
  expect(Math.max(...counts.keys())).toBeLessThan(10_000);
});

test('a held stream is nobody else’s until it is given back, with its new version', () => {
  const held = new HeldStreams(1, 3, 5);
  const all = [held.take(), held.take(), held.take()];
  expect(all.map(({ nth }) => nth).toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
  const [one] = all;
  held.giveBack(one!, 10);
  expect(held.take()).toEqual({ nth: one!.nth, version: 15n });
});
