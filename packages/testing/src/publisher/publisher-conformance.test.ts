import { expect, test } from 'vitest';
import { memoryHarness } from './memory-scene.ts';
import { publisherConformance } from './publisher-conformance.ts';

const suite = publisherConformance(memoryHarness());
for (const { title, run } of suite) test(title, run);

test('what a broker in memory cannot suffer is named', () => {
  expect(suite.undeclared).toEqual(['leaders', 'copies', 'remake', 'absent']);
});
