import { uuidV7 } from '@leftfold/core';
import { memoryBroker } from '@leftfold/memory';
import { expect, test } from 'vitest';
import { sourceConformance } from './source-conformance.ts';
import type { OpenSource } from './source-under-test.ts';

const open: OpenSource = async (partitions, codec) => {
  const broker = memoryBroker({ partitions, ...(codec && { codec }) });
  const publisher = await broker.publisher();
  const topic = `conformance.${uuidV7()}`;
  await publisher.partitions(topic);
  return {
    topic,
    source: () => broker.source,
    publish: async (records) => {
      for (const { kind } of await publisher.publish(records)) expect(kind).toBe('written');
    },
    close: () => publisher.close(),
  };
};
const suite = sourceConformance({ open, retention: false, recreation: false });

for (const { title, run } of suite) test(title, run);
test('memory keeps every record of a topic for ever', () => {
  expect(suite.undeclared).toEqual(['retention', 'recreation']);
});
