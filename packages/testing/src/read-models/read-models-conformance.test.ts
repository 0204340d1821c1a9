import { expect, test } from 'vitest';
import { memory } from '@leftfold/memory';
import { readModelsConformance } from './read-models-conformance.ts';

const storage = memory();
const suite = readModelsConformance({
  storage: () => storage,
  capabilities: { concurrentTransactions: false },
});

for (const { title, run } of suite) test(title, run);

test('transactions in memory take turns', () => expect(suite.undeclared).toEqual(['concurrentTransactions']));
