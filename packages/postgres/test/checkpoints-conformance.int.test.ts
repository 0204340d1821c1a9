import { checkpointsConformance } from '@leftfold/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openFixture, type Fixture } from './read-model-fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

describe('checkpoints on Postgres', () => {
  for (const { title, run } of checkpointsConformance({ checkpoints: () => fixture.checkpoints })) test(title, run);
});
