import { conformanceTopic, progressConformance } from '@leftfold/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshLog } from './fresh-log.ts';

let log: Awaited<ReturnType<typeof freshLog>>;
beforeAll(async () => {
  log = await freshLog({ topic: conformanceTopic });
});
afterAll(() => log.end());

const suite = progressConformance({ storage: () => log.storage, lanes: (lanes) => log.open({ lanes }) });
for (const { title, run } of suite) test(title, run);
test('every capability is declared', () => expect(suite.undeclared).toEqual([]));
