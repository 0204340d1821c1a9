import { test } from 'vitest';
import { memory } from '@leftfold/memory';
import { logConformance } from './log-conformance.ts';

for (const { title, run } of logConformance({
  storage: () => memory(),
  lanes: (lanes) => memory({ lanes }),
}))
  test(title, run);
