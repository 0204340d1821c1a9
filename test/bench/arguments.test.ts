import { expect, test } from 'vitest';
import { parseArguments, WORKLOADS } from './arguments.ts';

test('without arguments it is all workloads in full, with seed 1', () => {
  expect(parseArguments([])).toMatchObject({ workloads: WORKLOADS, quick: false, seed: 1, json: undefined });
});

test('workloads are taken in their own order, with files and seed', () => {
  const asked = parseArguments(['W11', 'W1', '--quick', '--seed', '7', '--json', 'a.json', '--baseline', 'b.json']);
  expect(asked).toMatchObject({ workloads: ['W1', 'W11'], quick: true, seed: 7, json: 'a.json', baseline: 'b.json' });
});

test.each([[['W99']], [['--fast']], [['--seed', 'x']], [['--json']]])('%j is refused with the usage', (args) => {
  expect(() => parseArguments(args)).toThrow('npm run bench -- [W1 W2 …]');
});
