import { test } from 'vitest';
import { memory } from '@leftfold/memory';
import { badInputConformance } from './bad-input-conformance.ts';

const storage = memory();
for (const { title, run } of badInputConformance({ storage: () => storage })) test(title, run);
