import assert from 'node:assert/strict';
import { eventually } from '../eventually.ts';
import type { ConformanceCase } from '../conformance-case.ts';
import { PublishHistory } from './publish-history.ts';
import type { PublisherHarness, PublisherScene } from './publisher-conformance.ts';
import { allWritten, idsOf, numbers, outcomeOf, published, publishedRun, publishing } from './published-records.ts';

type Cause = { readonly cause?: { readonly code?: string; readonly retryable?: boolean } };

/** A topic that is deleted and made anew under a publisher. */
export const remadeTopicCases = (
  open: PublisherHarness['open'],
  remake: (topic: string, partitions: number) => Promise<void>,
  timeoutMs: number,
): readonly ConformanceCase[] => [
  {
    title: 'a topic deleted and made anew is published to again, by the same publisher',
    run: async () => {
      const scene = await open(2);
      const [topic = ''] = scene.topics;
      await publishing(scene, async (publisher) => {
        await allWritten(publisher, [published(topic, 0, 1), published(topic, 1, 1)]);
        await remake(topic, 2);
        const history = new PublishHistory();
        for (const n of numbers(2, 6))
          await history.write(publisher, [published(topic, 0, n), published(topic, 1, n)], timeoutMs);
        history.check(topic, await scene.read(topic));
      });
    },
  },
  {
    title:
      'R5 R10 a topic made anew with fewer partitions: nothing told as written is missing, nothing stands in another partition, then the count is refused',
    run: async () => {
      // With another partition of the same broker, and by itself: clients look up the topic at different moments.
      for (const partitions of [[0, 5], [5]]) {
        const scene = await open(6);
        const [topic = ''] = scene.topics;
        const records = (n: number) => partitions.flatMap((partition) => publishedRun(topic, partition, n, n));
        await publishing(scene, async (publisher) => {
          await allWritten(publisher, records(1));
          await remake(topic, 3);
          const first = await publisher.publish(records(2));
          assert.notEqual(outcomeOf(first, 5).kind, 'written');
          const { cause } = (await eventually(
            async () => {
              const outcome = outcomeOf(await publisher.publish(records(3)), 5);
              assert.notEqual(outcome.kind, 'written');
              return outcome.kind === 'notWritten' && outcome;
            },
            { timeoutMs },
          )) as Cause;
          assert.equal(cause?.code, 'LF_PARTITION_COUNT_CHANGED');
          await assert.rejects(publisher.partitions(topic), { code: 'LF_PARTITION_COUNT_CHANGED', retryable: false });
        });
        const [zeroth, ...others] = await scene.read(topic);
        assert.ok(idsOf(zeroth).every((n) => n === 2 || n === 3));
        assert.deepEqual(others.map(idsOf), [[], []]);
      }
    },
  },
];

/** A topic that does not exist, until somebody makes it. */
export const absentTopicCases = (
  absent: () => Promise<PublisherScene & { readonly make: () => Promise<void> }>,
  timeoutMs: number,
): readonly ConformanceCase[] => [
  {
    title:
      'a topic that does not exist is told as not written, to be tried again, and published to once it is there; others go on meanwhile',
    run: async () => {
      const scene = await absent();
      const [topic = '', other = ''] = scene.topics;
      await publishing(scene, async (publisher) => {
        const outcome = await publisher.publish([published(topic, 0, 1), published(other, 0, 1)]);
        const { kind, refused, cause } = outcomeOf(outcome, 0, topic) as {
          readonly kind: string;
          readonly refused?: boolean;
        } & Cause;
        assert.deepEqual(
          [kind, refused, cause?.code, cause?.retryable],
          ['notWritten', false, 'LF_TOPIC_UNKNOWN', true],
        );
        assert.equal(outcomeOf(outcome, 0, other).kind, 'written');
        await assert.rejects(publisher.partitions(topic), { code: 'LF_TOPIC_UNKNOWN' });
        await scene.make();
        const history = new PublishHistory();
        await history.write(publisher, publishedRun(topic, 0, 1, 3), timeoutMs);
        history.check(topic, await scene.read(topic));
        assert.deepEqual(idsOf((await scene.read(other))[0]), [1]);
      });
    },
  },
];
