import { afterAll, beforeAll, expect, test } from 'vitest';
import { logConformance } from '@leftfold/testing';
import { freshLog } from './fresh-log.ts';

let log: Awaited<ReturnType<typeof freshLog>>;
beforeAll(async () => {
  log = await freshLog();
});
afterAll(() => log.end());

const suite = logConformance({ storage: () => log.storage, lanes: (lanes) => log.open({ lanes }) });
for (const { title, run } of suite) test(title, run);
test('every capability is declared', () => expect(suite.undeclared).toEqual([]));
