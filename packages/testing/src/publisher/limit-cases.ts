import assert from 'node:assert/strict';
import type { PartitionOutcome } from '@leftfold/subscriptions';
import { eventually } from '../eventually.ts';
import type { ConformanceCase } from '../conformance-case.ts';
import type { PublisherHarness } from './publisher-conformance.ts';
import { allWritten, idsOf, outcomeOf, published, publishedRun, publishing } from './published-records.ts';

function assertRefused(outcome: PartitionOutcome): void {
  const { kind, refused, cause } = outcome as {
    readonly refused?: boolean;
    readonly cause?: unknown;
  } & PartitionOutcome;
  assert.deepEqual(
    [kind, refused, (cause as { readonly code?: string } | undefined)?.code],
    ['notWritten', true, 'LF_RECORD_REFUSED'],
  );
}

/** Records that a broker does not take for their size. */
export const limitCases = (open: PublisherHarness['open'], bytes: number): readonly ConformanceCase[] => [
  {
    title:
      'R1 R12 of a partition with a record too large nothing is written, and told as refused; the others are written once',
    run: async () => {
      const scene = await open(3);
      const [topic = ''] = scene.topics;
      await publishing(scene, async (publisher) => {
        const outcome = await publisher.publish([
          ...publishedRun(topic, 0, 1, 3),
          published(topic, 1, 1),
          published(topic, 1, 2, 'x'.repeat(bytes)),
          published(topic, 1, 3),
          ...publishedRun(topic, 2, 1, 3),
        ]);
        assertRefused(outcomeOf(outcome, 1));
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

/** What the publisher cannot know of beforehand. */
export const loweredLimitCases = (
  open: PublisherHarness['open'],
  lower: (topic: string) => Promise<void>,
  timeoutMs: number,
): readonly ConformanceCase[] => [
  {
    title:
      'R15 what the broker alone refuses is told as refused, the partition whole; the others are written, in order',
    run: async () => {
      const scene = await open(4);
      const [topic = ''] = scene.topics;
      await publishing(scene, async (publisher) => {
        await allWritten(publisher, [published(topic, 0, 1)]);
        await lower(topic);
        let n = 1;
        // Until every broker has the new limit.
        await eventually(
          async () => {
            n++;
            const outcome = await publisher.publish([
              published(topic, 0, n),
              published(topic, 1, n),
              published(topic, 1, n + 100_000, 'x'.repeat(100_000)),
              published(topic, 2, n),
            ]);
            assert.deepEqual([outcomeOf(outcome, 0).kind, outcomeOf(outcome, 2).kind], ['written', 'written']);
            if (outcomeOf(outcome, 1).kind === 'written') return false;
            assertRefused(outcomeOf(outcome, 1));
            return true;
          },
          { timeoutMs },
        );
        // Alone in its publish.
        let alone = 0;
        await eventually(
          async () => {
            alone++;
            const [outcome] = await publisher.publish([published(topic, 3, alone, 'x'.repeat(100_000))]);
            if (outcome?.kind === 'written') return false;
            assertRefused(outcomeOf(outcome === undefined ? [] : [outcome], 3));
            return true;
          },
          { timeoutMs },
        );
        await allWritten(publisher, [published(topic, 1, n), published(topic, 3, 0)]);
        const stored = (await scene.read(topic)).map(idsOf);
        assert.equal(stored[1]?.filter((id) => id === n).length, 1, 'of the refused chunk nothing stands there');
        assert.ok(!stored[3]?.includes(alone), 'of the refused record nothing stands there');
        assert.equal(stored[3]?.at(-1), 0);
        // Of these there may be doubles: a client may tell one error for all, and then they are sent again.
        for (const partition of [0, 2]) {
          const first = [...new Set(stored[partition])];
          assert.deepEqual(
            first,
            first.toSorted((one, other) => one - other),
          );
          assert.ok(first.includes(n));
        }
      });
    },
  },
];
