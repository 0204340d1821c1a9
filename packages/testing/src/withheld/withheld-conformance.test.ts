import { memory } from '@leftfold/memory';
import { test } from 'vitest';
import { withheldConformance } from './withheld-conformance.ts';

const storage = memory();
for (const { title, run } of withheldConformance(() => storage)) test(title, run);
