import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { kafka } from '../src/index.ts';
import type { KafkaOptions, PlatformaticSource } from '../src/index.ts';
import { CheckpointReader, follow, SharedModel } from './checkpoint-reader.ts';
import { persistentPublisher } from './persistent-publisher.ts';
import { relayedRun } from './relayed-records.ts';
import { administer, groupsReady, newTopic } from './test-cluster.ts';
import { until } from './until.ts';

beforeAll(groupsReady);

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});
async function publish(options: KafkaOptions, from: number, to: number): Promise<void> {
  const publisher = await persistentPublisher(options);
  await publisher.publish([0, 1].flatMap((partition) => relayedRun(options.topics[0]!.name, partition, from, to)));
  await publisher.close();
}
/** Of each partition, `-1` where nothing was told. */
const offsetsOf = ({ clientId, topic }: { readonly clientId: string; readonly topic: string }, reader: string) =>
  administer(async (admin) => {
    const [told] = await admin.fetchOffsets({ groupId: `${clientId}.${reader}`, topics: [topic] });
    return told!.partitions.toSorted((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset));
  });

describe.each(['kafkajs', 'platformatic'] as const)('over %s', (client) => {
  test('tools that show lag see how far a reader has come, soon and at its stop', async () => {
    const options = newTopic(2, { client });
    await publish(options, 1, 10);
    const reader = new CheckpointReader('told');
    const { stop } = follow(kafka(options).source, reader);
    open.push({ close: stop });
    await until('all is applied', () => reader.model.applied.length === 20);
    await until('it is told', async () => (await offsetsOf(options, 'told')).join() === '10,10');
    await publish(options, 11, 15);
    await until('the rest is applied', () => reader.model.applied.length === 30);
    await stop();
    expect(await offsetsOf(options, 'told')).toEqual([15, 15]);
  });

  test('what was told is not read back: a reader begins at its own place, whatever stands there', async () => {
    const options = newTopic(2, { client });
    await publish(options, 1, 10);
    await administer((admin) =>
      admin.setOffsets({
        groupId: `${options.clientId}.misled`,
        topic: options.topic,
        partitions: [
          { partition: 0, offset: '7' },
          { partition: 1, offset: '10' },
        ],
      }),
    );
    const reader = new CheckpointReader('misled');
    const { stop } = follow(kafka(options).source, reader);
    open.push({ close: stop });
    await until('all is applied', () => reader.model.applied.length >= 20);
    expect(reader.model.applied).toHaveLength(20);
  });

  test('what the owner before could not tell is told by the next one, though nothing comes any more', async () => {
    const options = newTopic(2, { client });
    await publish(options, 1, 10);
    const reader = new CheckpointReader('untold');
    const silent = follow(kafka({ ...options, commitOffsets: false }).source, reader);
    await until('all is applied', () => reader.model.applied.length === 20);
    await silent.stop();
    const next = follow(kafka(options).source, new CheckpointReader('untold', reader.model));
    open.push({ close: next.stop });
    await until('it is told', async () => (await offsetsOf(options, 'untold')).join() === '10,10');
  });

  test('nothing is told where that is not wanted, nor of a batch that was not dealt with', async () => {
    const options = newTopic(2, { client });
    await publish(options, 1, 10);
    const silent = new CheckpointReader('silent');
    const first = follow(kafka({ ...options, commitOffsets: false }).source, silent);
    await until('all is applied', () => silent.model.applied.length === 20);
    await first.stop();
    expect(await offsetsOf(options, 'silent')).toEqual([-1, -1]);
    const failing = new CheckpointReader('failing');
    failing.onBatch = () => Promise.reject(Object.assign(new Error('made up'), { code: 'LF_LANE_LOST' }));
    const second = follow(kafka(options).source, failing);
    await until('it has failed', () => failing.batches.length >= 2);
    await second.stop();
    expect(await offsetsOf(options, 'failing')).toEqual([-1, -1]);
  });
});

test('a group with members is theirs: who reads beside them under the same name is refused, counted, and reads on', async () => {
  const options = newTopic(2);
  await publish(options, 1, 10);
  const member = new CheckpointReader('both');
  const grouped = follow(kafka(options).source, member);
  open.push({ close: grouped.stop });
  await until('the group is at work', () => member.model.applied.length === 20);
  const other = new CheckpointReader('both', new SharedModel());
  const source = kafka({ ...options, client: 'platformatic' }).source as PlatformaticSource;
  const direct = follow(source, other);
  await until('the other has everything, too', () => other.model.applied.length === 20);
  await direct.stop();
  expect(source.counts.commitFaults).toBeGreaterThanOrEqual(1);
  expect(source.counts.commitFault).toBeDefined();
  expect(other.faults).toEqual([]);
  await publish(options, 11, 12);
  await until('the group goes on', () => member.model.applied.length === 24);
  expect(member.lostLanes).toEqual([]);
});
