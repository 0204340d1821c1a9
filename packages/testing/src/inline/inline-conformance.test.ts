import { memory } from '@leftfold/memory';
import { test } from 'vitest';
import { inlineConformance } from './inline-conformance.ts';

for (const { title, run } of inlineConformance({ storage: (inline) => memory({ inline }) })) test(title, run);
