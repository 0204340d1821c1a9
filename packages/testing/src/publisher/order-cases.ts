import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance-case.ts';
import type { PublisherHarness } from './publisher-conformance.ts';
import { allWritten, idsOf, numbers, published, publishedRun, publishing } from './published-records.ts';

/** Within a partition, the order given is the order written. */
export const orderCases = (open: PublisherHarness['open']): readonly ConformanceCase[] => [
  {
    title: 'order holds per partition over many publishes, of several partitions and topics at once',
    run: async () => {
      const scene = await open(3, 3);
      const places = scene.topics.flatMap((topic) => numbers(0, 2).map((partition) => [topic, partition] as const));
      await publishing(scene, async (publisher) => {
        for (let n = 1; n <= 100; n += 5) {
          // Of each partition one after the other, not run by run: grouping must not rest on neighbours.
          const records = numbers(n, n + 4).flatMap((each) =>
            places.map(([topic, partition]) => published(topic, partition, each)),
          );
          await allWritten(publisher, records);
        }
      });
      for (const [topic, partition] of places)
        assert.deepEqual(idsOf((await scene.read(topic))[partition]), numbers(1, 100), `${topic}/${partition}`);
    },
  },
  {
    title: 'more records for one partition than a broker takes at once are written in order, once',
    run: async () => {
      const scene = await open(2);
      const [topic = ''] = scene.topics;
      const large = publishedRun(topic, 0, 1, 3_600, 'x'.repeat(1_000));
      await publishing(scene, (publisher) => allWritten(publisher, [...large, published(topic, 1, 1)]));
      const [first, second] = await scene.read(topic);
      assert.deepEqual([idsOf(first), idsOf(second)], [numbers(1, 3_600), [1]]);
    },
  },
  {
    title: 'publishers side by side, each with partitions of its own, do not disturb each other',
    run: async () => {
      const scene = await open(4);
      const [topic = ''] = scene.topics;
      await Promise.all(
        numbers(0, 3).map((partition) =>
          publishing(scene, async (publisher) => {
            for (let n = 1; n <= 30; n += 3) await allWritten(publisher, publishedRun(topic, partition, n, n + 2));
          }),
        ),
      );
      const stored = await scene.read(topic);
      for (const partition of numbers(0, 3)) assert.deepEqual(idsOf(stored[partition]), numbers(1, 30));
    },
  },
];
