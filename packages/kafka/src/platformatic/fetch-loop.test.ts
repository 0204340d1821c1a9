import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FetchLoop } from './fetch-loop.ts';
import type { FetchClients } from './fetch-loop.ts';

const TOPIC = 'orders';
type Fetch = FetchClients['waiting']['fetch'];
type Lookup = FetchClients['waiting']['topic'];

/** A request that was sent, for the test to answer. */
interface Sent {
  readonly by: keyof FetchClients;
  readonly partitions: readonly number[];
  /** That there is nothing new. */
  readonly end: () => Promise<void>;
}

/** A loop over one broker that leads all three partitions, whose answers the test gives. */
function scripted(topic: Lookup = async () => ({ id: 'id', leaders: [1, 1, 1] })) {
  const sent: Sent[] = [];
  const fetching =
    (by: keyof FetchClients): Fetch =>
    (_node, places) => {
      const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<Fetch>>>();
      const end = async (): Promise<void> => {
        resolve(new Map());
        await settled();
      };
      sent.push({ by, partitions: places.map(({ partition }) => partition), end });
      return promise;
    };
  const client = (by: keyof FetchClients) => ({ fetch: fetching(by), topic });
  const loop = new FetchLoop({ waiting: client('waiting'), beside: client('beside') }, () => {});
  const lane = (partition: number) => loop.lane({ topic: TOPIC, partition }, () => undefined);
  const begin = async (partition: number): Promise<void> => {
    const begun = lane(partition);
    await begun.topicId();
    void begun.next(0n);
    await settled();
  };
  return { sent, lane, begin, told: () => sent.map(({ by, partitions }) => `${by} ${partitions.join()}`) };
}

/** Whatever was woken has run. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await setImmediate();
}

test('what came while a request waits is asked for beside it, and with it as soon as that is back', async () => {
  const { sent, begin, told } = scripted();
  await begin(0);
  await begin(1);
  await begin(2);
  expect(told()).toEqual(['waiting 0', 'beside 1']);
  await sent[1]?.end();
  expect(told().slice(2)).toEqual(['beside 1,2']);
  await sent[0]?.end();
  await sent[2]?.end();
  expect(told().slice(3)).toEqual(['waiting 0,1,2']);
});

test('a topic that cannot be looked up is told to every lane of it as an error of ours', async () => {
  const refused = Object.assign(new Error('made up'), { code: 'ECONNREFUSED' });
  const { lane } = scripted(() => Promise.reject(refused));
  const asked = await Promise.allSettled([lane(0).topicId(), lane(1).topicId()]);
  for (const each of asked) expect(each).toMatchObject({ reason: { code: 'LF_BROKER_UNAVAILABLE' } });
});
