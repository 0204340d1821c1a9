import { expect, test } from 'vitest';
import { memory } from '@leftfold/memory';
import { conformanceTopic } from './conformance-topic.ts';
import { eventStoreConformance } from './event-store-conformance.ts';

let now = Date.now();
const { store } = memory({ topic: conformanceTopic, now: () => now });
const suite = eventStoreConformance({
  store: () => store,
  capabilities: {
    transactions: false,
    replyExpiry: {
      keepMs: 1_000,
      expire: async () => {
        now += 1_000;
      },
    },
  },
});

for (const { title, run } of suite) test(title, run);

test('the memory store offers everything but transactions of the caller’s', () => {
  expect(suite.undeclared).toEqual(['transactions']);
});
