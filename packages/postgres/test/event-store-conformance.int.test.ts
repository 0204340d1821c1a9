import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { conformanceTopic, eventStoreConformance } from '@leftfold/testing';
import { freshLog } from './fresh-log.ts';

let log: Awaited<ReturnType<typeof freshLog>>;
beforeAll(async () => {
  log = await freshLog({ topic: conformanceTopic });
});
afterAll(() => log.end());

const suite = eventStoreConformance({
  store: () => log.storage.store,
  capabilities: {
    transactions: async (work) => {
      const client = await log.connect();
      await client.query('begin');
      try {
        const result = await work(log.storage.store.within(client));
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback');
        throw error;
      }
    },
    replyExpiry: { keepMs: 1_000, expire: () => setTimeout(1_100) },
  },
});
for (const { title, run } of suite) test(title, run);
test('every capability is declared', () => expect(suite.undeclared).toEqual([]));
