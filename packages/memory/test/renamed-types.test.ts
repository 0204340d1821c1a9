import { event, t } from '@leftfold/core';
import type { NewEvent } from '@leftfold/core';
import { memory, memoryBroker } from '@leftfold/memory';
import type { MemoryBroker, MemoryStorage } from '@leftfold/memory';
import { follow, projection, relay } from '@leftfold/subscriptions';
import type { AnyProjection, Running, Source } from '@leftfold/subscriptions';
import { expect, onTestFinished, test } from 'vitest';
import { append, stopping } from './shop.ts';

// An event type gets another name; its old events stay what they are, in log and topics.

const ordered = event('shop.order.ordered', { customer: t.string() });
const placed = event('shop.order.placed', { customer: t.string() }, { aliases: ['shop.order.ordered'] });
/** The same, some releases later. */
const placedLater = placed.version(
  2,
  { customer: t.string(), channel: t.string() },
  { up: (old) => ({ ...old, channel: 'shop' }) },
);
const dropped = event('shop.order.dropped', { why: t.string() }, { retired: true });

const seen = projection('seen', {
  version: 1,
  key: 'id',
  row: { id: t.string(), type: t.string(), written: t.int(), channel: t.string(), why: t.string() },
})
  .insert(placedLater, ({ data: { channel }, stream, type, writtenVersion }) => ({
    id: stream.key,
    type,
    written: writtenVersion,
    channel,
    why: '',
  }))
  .update(dropped, (_, { data: { why } }) => ({ why }));

async function following(definition: AnyProjection, storage: MemoryStorage, from: Source): Promise<Running> {
  const running = await follow(definition, { from, storage });
  onTestFinished(() => running.stop());
  return running;
}
async function relayed(storage: MemoryStorage, broker: MemoryBroker): Promise<void> {
  const running = await relay({ storage, to: broker, service: 'shop' });
  onTestFinished(() => running.stop());
  await running.caughtUp();
}
/** As the release of that time wrote it. */
const written = (of: typeof ordered | typeof placed | typeof placedLater, event: NewEvent) =>
  [[event], { types: [of] }] as const;

test.each(['log', 'broker'])(
  'from the %s, events come under every name their type had, and have the present one',
  async (by) => {
    const storage = memory();
    const broker = memoryBroker();
    await append(storage.store, 'o1', ...written(ordered, ordered({ customer: 'ann' })));
    await append(storage.store, 'o2', ...written(placed, placed({ customer: 'bob' })));
    await append(storage.store, 'o3', ...written(placedLater, placedLater({ customer: 'cy', channel: 'web' })));
    // A type that is written no more: its events are there.
    await append(storage.store, 'o1', [event('shop.order.dropped', { why: t.string() })({ why: 'lost' })], {
      types: [event('shop.order.dropped', { why: t.string() })],
    });
    await relayed(storage, broker);
    await (await following(seen, storage, by === 'log' ? storage.log : broker.source)).caughtUp();
    expect(storage.readModels.reader([seen.rowTable]).all('seen')).toEqual([
      { id: 'o1', type: 'shop.order.placed', written: 1, channel: 'shop', why: 'lost' },
      { id: 'o2', type: 'shop.order.placed', written: 1, channel: 'shop', why: '' },
      { id: 'o3', type: 'shop.order.placed', written: 2, channel: 'web', why: '' },
    ]);
  },
);
test.each(['log', 'broker'])(
  'from the %s, a release that lists the coming name as an alias reads what the next release writes',
  async (by) => {
    const ready = event('shop.order.ordered', { customer: t.string() }, { aliases: ['shop.order.placed'] });
    const before = projection('before', { version: 1, key: 'id', row: { id: t.string(), type: t.string() } }).insert(
      ready,
      ({ stream, type }) => ({ id: stream.key, type }),
    );
    const storage = memory();
    const broker = memoryBroker();
    await append(storage.store, 'o1', ...written(ordered, ordered({ customer: 'ann' })));
    await append(storage.store, 'o2', ...written(placed, placed({ customer: 'bob' })));
    await relayed(storage, broker);
    await (await following(before, storage, by === 'log' ? storage.log : broker.source)).caughtUp();
    expect(storage.readModels.reader([before.rowTable]).all('before')).toEqual([
      { id: 'o1', type: 'shop.order.ordered' },
      { id: 'o2', type: 'shop.order.ordered' },
    ]);
  },
);
test('on a topic a renamed type’s old events keep their old name, as when they were sent', async () => {
  const storage = memory();
  const broker = memoryBroker({ partitions: 1 });
  await append(storage.store, 'o1', ...written(ordered, ordered({ customer: 'ann' })));
  await append(storage.store, 'o1', ...written(placed, placed({ customer: 'ann' })));
  await relayed(storage, broker);
  expect(broker.records('shop.order')[0]?.map(({ headers }) => headers['ce_type'])).toEqual([
    'shop.order.ordered',
    'shop.order.placed',
  ]);
});
test.each(['log', 'broker'])(
  'from the %s, what stops a lane at an old event names its type as it is called now',
  async (by) => {
    const failing = projection('failing', { version: 1, key: 'id', row: { id: t.string() } }).insert(placed, () => {
      throw new RangeError('made up');
    });
    const storage = memory();
    const broker = memoryBroker({ partitions: 1 });
    await append(storage.store, 'o1', ...written(ordered, ordered({ customer: 'ann' })));
    await relayed(storage, broker);
    const from = by === 'log' ? storage.log : broker.source;
    const running = await following(stopping(failing), storage, from);
    await expect(running.caughtUp()).rejects.toMatchObject({ fault: { code: 'LF_FOLD_FAILED' } });
    const stopped = running.status().lanes.find(({ state }) => state === 'stopped');
    expect(stopped?.fault).toMatchObject({ event: { type: 'shop.order.placed', stream: 'shop.order-o1' } });
    expect(stopped?.fault?.message).toContain('shop.order.placed');
  },
);
test('C16 an event of a former name that is newer than the code waits, under the present name', async () => {
  const storage = memory();
  const orderedLater = ordered.version(
    2,
    { customer: t.string(), channel: t.string() },
    { up: (old) => ({ ...old, channel: 'shop' }) },
  );
  await append(storage.store, 'o1', [orderedLater({ customer: 'ann', channel: 'web' })], { types: [orderedLater] });
  const old = projection('old', { version: 1, key: 'id', row: { id: t.string() } }).delete(placed);
  const running = await following(old, storage, storage.log);
  await expect
    .poll(() => running.status().lanes)
    .toMatchObject([{ state: 'waiting', fault: { code: 'LF_NEWER_EVENT', event: { type: 'shop.order.placed' } } }]);
});
