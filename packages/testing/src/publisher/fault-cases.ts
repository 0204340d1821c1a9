import assert from 'node:assert/strict';
import type { PublishRecord } from '@leftfold/subscriptions';
import { eventually } from '../eventually.ts';
import type { ConformanceCase } from '../conformance-case.ts';
import { PublishHistory } from './publish-history.ts';
import type { PublisherHarness, SendFault } from './publisher-conformance.ts';
import { numbers, outcomeOf, publishedRun, publishing } from './published-records.ts';

type Faults = Exclude<PublisherHarness['capabilities']['faults'], false>;

/** Two records more for each of some partitions. */
const more = (topic: string, partitions: readonly number[], n: number): readonly PublishRecord[] =>
  partitions.flatMap((partition) => publishedRun(topic, partition, 2 * n - 1, 2 * n));

/** Sends that get lost on their way, or whose answers do. */
export const faultCases = (
  open: PublisherHarness['open'],
  { kinds, next }: Faults,
  timeoutMs: number,
): readonly ConformanceCase[] => [
  ...kinds.map((kind): ConformanceCase => ({
    title: `R6 ${SAID[kind]}: nothing is lost, inverted, or told as other than it is`,
    run: async () => {
      const scene = await open(3);
      const [topic = ''] = scene.topics;
      const history = new PublishHistory();
      await publishing(scene, async (publisher) => {
        await history.write(publisher, more(topic, [0, 1, 2], 1), timeoutMs);
        // First with several partitions under way, then with one.
        for (const partitions of [[0, 1, 2], [1]]) {
          const { happened } = next(kind);
          for (const n of numbers(2, 4))
            await history.write(publisher, more(topic, partitions, n + (partitions.length > 1 ? 0 : 3)), timeoutMs);
          await happened;
        }
      });
      history.check(topic, await scene.read(topic));
    },
  })),
  {
    title:
      'R5b publishers side by side whose connections are cut go on with every partition, during the faults and afterwards',
    run: async () => {
      const scene = await open(6);
      const [topic = ''] = scene.topics;
      const history = new PublishHistory();
      const cuts = kinds.filter((kind) => kind.endsWith('-cut'));
      const left = cuts.flatMap((kind) => Array.from({ length: 8 }, () => kind));
      let planned = Promise.resolve();
      const planNext = (): void => {
        const kind = left.pop();
        if (kind !== undefined) planned = next(kind).happened.then(planNext);
      };
      planNext();
      await Promise.all(
        numbers(0, 5).map((partition) =>
          publishing(scene, async (publisher) => {
            for (let n = 1; left.length > 0 || n <= 10; n++)
              await history.write(publisher, more(topic, [partition], n), timeoutMs);
            await planned;
            for (const n of numbers(100_001, 100_003))
              await history.write(publisher, more(topic, [partition], n), timeoutMs);
          }),
        ),
      );
      history.check(topic, await scene.read(topic));
    },
  },
];

const SAID: { readonly [kind in SendFault]: string } = {
  'request-cut': 'the connection ends before a request arrives',
  'request-half': 'the connection ends in the midst of a request',
  'request-lost': 'a request vanishes',
  'answer-cut': 'the connection ends before the answer comes',
  'answer-lost': 'an answer vanishes',
  'answer-late': 'an answer comes too late',
};

/** Brokers that lead other partitions now. */
export const leaderCases = (
  open: PublisherHarness['open'],
  moveLeaders: (topic: string) => Promise<unknown>,
  timeoutMs: number,
): readonly ConformanceCase[] => [
  {
    title:
      'R5 leaders move while it publishes: every partition goes on, in order, and written means that it stands there',
    run: async () => {
      const scene = await open(6);
      const [topic = ''] = scene.topics;
      const history = new PublishHistory();
      await publishing(scene, async (publisher) => {
        await history.write(publisher, more(topic, numbers(0, 5), 1), timeoutMs);
        let moving = true;
        const moved = (async () => {
          for (let i = 0; i < 3; i++) await moveLeaders(topic);
        })().finally(() => (moving = false));
        for (let n = 2; moving || n < 10; n++) await history.write(publisher, more(topic, numbers(0, 5), n), timeoutMs);
        await moved;
      });
      history.check(topic, await scene.read(topic));
    },
  },
];

/** Too few copies for a write. */
export const copyCases = (
  open: PublisherHarness['open'],
  whileTooFew: (topic: string, during: () => Promise<void>) => Promise<void>,
  timeoutMs: number,
): readonly ConformanceCase[] => [
  {
    title: 'too few copies in sync: told as not written or unknown, never refused, and written once there are enough',
    run: async () => {
      const scene = await open(2);
      const [topic = ''] = scene.topics;
      const history = new PublishHistory();
      await publishing(scene, async (publisher) => {
        await history.write(publisher, more(topic, [0, 1], 1), timeoutMs);
        await whileTooFew(topic, async () => {
          await eventually(
            async () => {
              const outcomes = await history.attempt(publisher, more(topic, [0, 1], 2));
              for (const outcome of outcomes) assert.ok(!('refused' in outcome && outcome.refused), 'told as refused');
              return outcomes.every((outcome) => outcomeOf(outcomes, outcome.partition).kind !== 'written');
            },
            { timeoutMs },
          );
        });
        for (const n of [2, 3]) await history.write(publisher, more(topic, [0, 1], n), timeoutMs);
      });
      history.check(topic, await scene.read(topic));
    },
  },
];
