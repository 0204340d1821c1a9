import { once } from 'node:events';
import { memoryBroker } from '@leftfold/memory';
import { readSource } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { CaseReader } from './case-reader.ts';
import { idsOfRun, laneOf, stampedRun } from './stamped-records.ts';

const TOPIC = 'conformance.note';

test('a loop replays the topics of a broker up to an end, and goes on from its last places', async () => {
  const broker = memoryBroker({ partitions: 2 });
  const publisher = await broker.publisher();
  await publisher.publish([...stampedRun(TOPIC, 0, 1, 700), ...stampedRun(TOPIC, 1, 1, 3)]);
  const until = await broker.source.head();
  await publisher.publish(stampedRun(TOPIC, 1, 4, 5));
  const places = new Map();
  const ids: string[] = [];
  for await (const { lane, to, records } of readSource(broker.source, { until })) {
    places.set(lane, to);
    ids.push(...records.map(({ id }) => id));
  }
  expect(ids.toSorted()).toEqual([...idsOfRun(0, 1, 700), ...idsOfRun(1, 1, 3)].toSorted());
  const rest = readSource(broker.source, { from: places, until: await broker.source.head() });
  expect((await rest.next()).value?.records.map(({ id }) => id)).toEqual(['1-4', '1-5']);
  expect((await rest.next()).done).toBe(true);
});

test('a lane that is taken away and given back while the loop has a batch of it comes without doubles', async () => {
  const broker = memoryBroker({ partitions: 2 });
  const publisher = await broker.publisher();
  await publisher.publish([0, 1].flatMap((partition) => stampedRun(TOPIC, partition, 1, 10)));
  const stop = new AbortController();
  const ids: string[] = [];
  const looping = (async () => {
    for await (const { records } of readSource(broker.source, { name: 'shared', signal: stop.signal })) {
      // Its lanes are shared out anew, twice, while this batch is in hand.
      const other = new CaseReader(broker.source, { name: 'shared', onFrom: (_lane, signal) => once(signal, 'abort') });
      await eventually(() => other.asked.length > 0);
      await other.stop();
      ids.push(...records.map(({ id }) => id));
      if (ids.length >= 20) stop.abort(new Error('enough'));
    }
  })();
  await expect(looping).rejects.toThrow('enough');
  expect(ids.toSorted()).toEqual([...idsOfRun(0, 1, 10), ...idsOfRun(1, 1, 10)].toSorted());
});

test('what stops a lane is thrown, after what stands before it', async () => {
  const broker = memoryBroker({ partitions: 1 });
  await (await broker.publisher()).publish([...stampedRun(TOPIC, 0, 1, 2), ...stampedRun(TOPIC, 0, 4, 5)]);
  const reading = readSource(broker.source, { until: await broker.source.head() });
  expect((await reading.next()).value).toMatchObject({
    lane: laneOf(TOPIC, 0),
    records: [{ id: '0-1' }, { id: '0-2' }],
  });
  await expect(reading.next()).rejects.toMatchObject({ code: 'LF_GAP' });
});
