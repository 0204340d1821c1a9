import { test } from 'vitest';
import { memory } from '@leftfold/memory';
import { parkedConformance } from './parked-conformance.ts';

for (const { title, run } of parkedConformance(() => memory())) test(title, run);
