import { parkedConformance } from '@leftfold/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openFixture, type Fixture } from './read-model-fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

describe('parked events on Postgres', () => {
  for (const { title, run } of parkedConformance(() => fixture)) test(title, run);
});
