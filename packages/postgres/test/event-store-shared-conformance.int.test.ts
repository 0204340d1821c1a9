import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, test } from 'vitest';
import { conformanceTopic, eventStoreConformance } from '@leftfold/testing';
import { freshLog } from './fresh-log.ts';
import type { PostgresEventStore } from '../src/store/postgres-event-store.ts';
import { sharingStore } from './sharing-store.ts';

let log: Awaited<ReturnType<typeof freshLog>>;
let store: PostgresEventStore;
beforeAll(async () => {
  log = await freshLog({ topic: conformanceTopic });
  ({ store } = sharingStore(log.pool, { topic: conformanceTopic }));
});
afterAll(() => log.end());

const suite = eventStoreConformance({
  store: () => store,
  capabilities: {
    // Neither is an append of the pool's.
    transactions: false,
    snapshots: false,
    replyExpiry: { keepMs: 1_000, expire: () => setTimeout(1_100) },
  },
});
for (const { title, run } of suite) test(`by the statement that appends share: ${title}`, run);
