import { readModelsConformance } from '@leftfold/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openFixture, type Fixture } from './read-model-fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

describe('read models on Postgres', () => {
  const suite = readModelsConformance({ storage: () => fixture, capabilities: { concurrentTransactions: true } });
  for (const { title, run } of suite) test(title, run);
});
