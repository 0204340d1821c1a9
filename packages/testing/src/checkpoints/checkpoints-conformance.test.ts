import { test } from 'vitest';
import { memory } from '@leftfold/memory';
import { checkpointsConformance } from './checkpoints-conformance.ts';

let now = 0;
const { checkpoints } = memory({ now: () => now });
const passSecond = async (): Promise<void> => void (now += 1_000);

for (const { title, run } of checkpointsConformance({ checkpoints: () => checkpoints, passSecond })) test(title, run);
