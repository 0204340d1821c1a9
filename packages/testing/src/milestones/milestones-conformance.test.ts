import { memory } from '@leftfold/memory';
import { test } from 'vitest';
import { milestonesConformance } from './milestones-conformance.ts';

/** Each case has a memory of its own, so that its clock may be moved. */
for (const [index, { title }] of milestonesConformance(harness()).entries())
  test(title, () => milestonesConformance(harness())[index]?.run());

/** Everything grows older as the clock goes on, so the present begins where the case will end. */
function harness(): Parameters<typeof milestonesConformance>[0] {
  let passed = 0;
  const storage = memory({ now: () => Date.now() + passed });
  return { storage: () => storage, age: async (_, ms) => void (passed += ms) };
}
