import { afterAll, beforeAll, test } from 'vitest';
import { badInputConformance } from '@leftfold/testing';
import { freshLog } from './fresh-log.ts';

let log: Awaited<ReturnType<typeof freshLog>>;
beforeAll(async () => {
  log = await freshLog();
});
afterAll(() => log.end());

for (const { title, run } of badInputConformance({ storage: () => log.storage })) test(title, run);
