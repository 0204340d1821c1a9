import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { ConformanceCase } from '../conformance-case.ts';
import type { PublisherHarness } from './publisher-conformance.ts';
import { allWritten, idsOf, numbers, outcomeOf, published, publishedRun, publishing } from './published-records.ts';

/** One publish at a time, abort, close. */
export const turnCases = (open: PublisherHarness['open']): readonly ConformanceCase[] => [
  {
    title:
      'R6 a second publish beside a pending one is LF_PUBLISH_CONCURRENT; nothing of it is written, the first goes on',
    run: async () => {
      const scene = await open(1);
      const [topic = ''] = scene.topics;
      await publishing(scene, async (publisher) => {
        const first = publisher.publish([published(topic, 0, 1)]);
        await assert.rejects(publisher.publish([published(topic, 0, 99)]), {
          code: 'LF_PUBLISH_CONCURRENT',
        });
        assert.equal(outcomeOf(await first, 0).kind, 'written');
        await allWritten(publisher, [published(topic, 0, 2)]);
      });
      assert.deepEqual(idsOf((await scene.read(topic))[0]), [1, 2]);
    },
  },
  {
    title: 'a publish aborted before it begins sends nothing, says so with the reason, and the next one goes well',
    run: async () => {
      const scene = await open(2);
      const [topic = ''] = scene.topics;
      await publishing(scene, async (publisher) => {
        const signal = AbortSignal.abort('shutdown');
        const outcome = await publisher.publish([published(topic, 0, 1), published(topic, 1, 1)], { signal });
        for (const partition of [0, 1])
          assert.deepEqual(outcomeOf(outcome, partition), {
            topic,
            partition,
            kind: 'notWritten',
            refused: false,
            cause: 'shutdown',
          });
        assert.deepEqual((await scene.read(topic)).map(idsOf), [[], []]);
        await allWritten(publisher, [published(topic, 0, 2)]);
      });
      assert.deepEqual((await scene.read(topic)).map(idsOf), [[2], []]);
    },
  },
  {
    title: 'a publish aborted under way resolves with what is true by then',
    run: async () => {
      const scene = await open(1);
      const [topic = ''] = scene.topics;
      await publishing(scene, async (publisher) => {
        await allWritten(publisher, [published(topic, 0, 1)]);
        const aborting = new AbortController();
        const pending = publisher.publish(publishedRun(topic, 0, 2, 4_001, 'x'.repeat(1_000)), {
          signal: aborting.signal,
        });
        aborting.abort('shutdown');
        const { kind } = outcomeOf(await pending, 0);
        const stored = idsOf((await scene.read(topic))[0]);
        assert.deepEqual(stored, numbers(1, stored.length));
        if (kind === 'written') assert.equal(stored.length, 4_001);
        if (kind === 'notWritten') assert.equal(stored.length, 1);
      });
    },
  },
  {
    title: 'R8 closing waits for the publish under way; afterwards nothing is taken, and closing again does nothing',
    run: async () => {
      const scene = await open(1);
      const [topic = ''] = scene.topics;
      const publisher = await scene.publisher();
      const pending = publisher.publish(publishedRun(topic, 0, 1, 2_000, 'x'.repeat(1_000)));
      let isSettled = false;
      void pending.finally(() => (isSettled = true));
      await publisher.close();
      // Both may be told in the same breath.
      await setImmediate();
      assert.ok(isSettled, 'closed before the publish was over');
      assert.equal(outcomeOf(await pending, 0).kind, 'written');
      await assert.rejects(publisher.publish([published(topic, 0, 2_001)]), { code: 'LF_PUBLISHER_CLOSED' });
      await publisher.close();
      assert.deepEqual(idsOf((await scene.read(topic))[0]), numbers(1, 2_000));
    },
  },
  {
    title: 'a publisher that never published closes',
    run: async () => {
      const scene = await open(1);
      await publishing(scene, async () => {});
    },
  },
];
