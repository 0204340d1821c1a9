import { test } from 'vitest';
import { memory } from '@leftfold/memory';
import { logConformance } from './log-conformance.ts';

for (const { title, run } of logConformance({ storage: () => memory() })) test(title, run);
