import { memory } from '@leftfold/memory';
import { test } from 'vitest';
import { versionsConformance } from './versions-conformance.ts';

const storage = memory();
for (const { title, run } of versionsConformance(() => storage)) test(title, run);
