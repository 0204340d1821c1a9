import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId } from '@leftfold/core';
import { memory, memoryBroker } from '@leftfold/memory';
import { discardFormerParked, follow, parkedKeys, projection, relay } from '@leftfold/subscriptions';
import type { ParkedHead, Source } from '@leftfold/subscriptions';
import { expect, onTestFinished, test } from 'vitest';

const listed = event('tests.thing.listed', { what: t.string() });
const things = projection('things', { version: 1, key: 'id', row: { id: t.string() } }).insert(listed, () => {
  throw new Error('poison');
});
const why = { by: 'ann', reason: 'moved' };

test('what is parked on a lane that the source given does not name, though it is one of its kind, stays: its owner may only be away', async () => {
  const storage = memory();
  const broker = memoryBroker({ partitions: 2 });
  for (const what of Array.from({ length: 8 }, (_, n) => `thing ${n}`)) {
    const one = encodeEvent(listed, listed({ what }), uuidV7() as EventId, { correlationId: 'test' });
    await storage.store.append([{ stream: streamRef('tests.thing', what), expect: 'absent', events: [one] }]);
  }
  const relaying = await relay({ storage, to: broker, service: 'tests' });
  onTestFinished(() => relaying.stop());
  await relaying.caughtUp();
  const running = await follow(things, { from: broker.source, storage });
  await running.caughtUp();
  await running.stop();
  const parked = async (): Promise<readonly ParkedHead[]> => {
    const heads: ParkedHead[] = [];
    for await (const head of parkedKeys(storage, { follower: things })) heads.push(head);
    return heads;
  };
  const before = await parked();
  expect(new Set(before.map(({ lane }) => lane)).size).toBe(2);

  const one = [...(await broker.source.head())].slice(0, 1);
  const half: Source = Object.create(broker.source, { head: { value: async () => new Map(one) } });
  expect(await discardFormerParked(storage, things, { from: half, ...why })).toBe(0);
  expect(await parked()).toEqual(before);
});
