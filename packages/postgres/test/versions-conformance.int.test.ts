import { versionsConformance } from '@leftfold/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { freshLog } from './fresh-log.ts';

let log: Awaited<ReturnType<typeof freshLog>>;
beforeAll(async () => {
  log = await freshLog();
});
afterAll(() => log.end());

describe('versions of read models, on Postgres', () => {
  for (const { title, run } of versionsConformance(() => log.storage)) test(title, run);
});
