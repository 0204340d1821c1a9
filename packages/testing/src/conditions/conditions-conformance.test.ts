import { memory } from '@leftfold/memory';
import { test } from 'vitest';
import { conditionsConformance } from './conditions-conformance.ts';

const storage = memory();
for (const { title, run } of conditionsConformance(() => storage)) test(title, run);
