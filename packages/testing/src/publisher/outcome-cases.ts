import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance-case.ts';
import type { PublisherHarness } from './publisher-conformance.ts';
import { allWritten, idsOf, outcomeOf, published, publishedRun, publishing } from './published-records.ts';

/** What a publish says is whole, and true. */
export const outcomeCases = (open: PublisherHarness['open']): readonly ConformanceCase[] => [
  {
    title: 'the outcome has one entry for each partition sent to, and no other; of nothing sent it is empty',
    run: async () => {
      const scene = await open(5, 5);
      const [first = '', second = ''] = scene.topics;
      await publishing(scene, async (publisher) => {
        assert.deepEqual(await publisher.publish([]), []);
        const outcome = await publisher.publish([
          published(first, 4, 1),
          published(second, 1, 1),
          published(first, 0, 1),
          published(first, 4, 2),
        ]);
        assert.deepEqual(
          outcome.map(({ topic, partition, kind }) => `${topic}/${partition} ${kind}`).toSorted(),
          [`${first}/0 written`, `${first}/4 written`, `${second}/1 written`].toSorted(),
        );
      });
    },
  },
  {
    title: 'nextOffset, where it is told, is where the next record of the partition comes to stand',
    run: async () => {
      const scene = await open(2);
      const [topic = ''] = scene.topics;
      await publishing(scene, async (publisher) => {
        let end = 0;
        for (const count of [1, 7, 1, 20]) {
          const records = publishedRun(topic, 1, end + 1, end + count);
          const outcome = await allWritten(publisher, records);
          end += count;
          const told = outcomeOf(outcome, 1);
          const { nextOffset = BigInt(end) } = told as { readonly nextOffset?: bigint };
          assert.equal(nextOffset, BigInt(end));
          assert.equal((await scene.read(topic))[1]?.length, end);
        }
      });
    },
  },
  {
    title: 'partitions() is the number of partitions of the topic',
    run: async () => {
      for (const count of [1, 7]) {
        const scene = await open(count);
        await publishing(scene, async (publisher) => {
          assert.equal(await publisher.partitions(scene.topics[0] ?? ''), count);
        });
      }
    },
  },
  {
    title:
      'R5c a record for a partition that the topic does not have is refused and stands nowhere, the others are written',
    run: async () => {
      const scene = await open(3);
      const [topic = ''] = scene.topics;
      await publishing(scene, async (publisher) => {
        const outcome = await publisher.publish([
          published(topic, 1, 1),
          published(topic, 7, 1),
          published(topic, 3, 1),
          published(topic, -1, 1),
        ]);
        assert.equal(outcomeOf(outcome, 1).kind, 'written');
        for (const partition of [7, 3, -1]) {
          const { cause, ...told } = outcomeOf(outcome, partition) as { readonly cause?: unknown };
          assert.deepEqual(told, { topic, partition, kind: 'notWritten', refused: true });
          assert.equal((cause as { readonly code?: string }).code, 'LF_PARTITION_UNKNOWN');
        }
      });
      assert.deepEqual((await scene.read(topic)).map(idsOf), [[], [1], []]);
    },
  },
  {
    title:
      'R1 R15 of a partition with an empty value nothing is written, and told as refused; the others are written once',
    run: async () => {
      const scene = await open(3);
      const [topic = ''] = scene.topics;
      // It would be a tombstone.
      const empty = { ...published(topic, 1, 2), value: new Uint8Array() };
      await publishing(scene, async (publisher) => {
        const outcome = await publisher.publish([
          ...publishedRun(topic, 0, 1, 3),
          published(topic, 1, 1),
          empty,
          published(topic, 1, 3),
          ...publishedRun(topic, 2, 1, 3),
        ]);
        const { cause, ...told } = outcomeOf(outcome, 1) as { readonly cause?: unknown };
        assert.deepEqual(told, { topic, partition: 1, kind: 'notWritten', refused: true });
        assert.equal((cause as { readonly code?: string }).code, 'LF_RECORD_REFUSED');
        assert.deepEqual([outcomeOf(outcome, 0).kind, outcomeOf(outcome, 2).kind], ['written', 'written']);
        await allWritten(publisher, publishedRun(topic, 1, 1, 3));
      });
      assert.deepEqual((await scene.read(topic)).map(idsOf), [
        [1, 2, 3],
        [1, 2, 3],
        [1, 2, 3],
      ]);
    },
  },
];
