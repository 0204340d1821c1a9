import { conditionsConformance } from '@leftfold/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { freshLog } from './fresh-log.ts';

let log: Awaited<ReturnType<typeof freshLog>>;
beforeAll(async () => {
  log = await freshLog();
});
afterAll(() => log.end());

describe('what keeps lanes from going on, on Postgres', () => {
  for (const { title, run } of conditionsConformance(() => log.storage)) test(title, run);
});
