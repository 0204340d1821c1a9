import { expect, test } from 'vitest';
import { FetchedLane } from './fetched-lane.ts';

const AT = { topic: 'orders', partition: 0 };
const batch = (nextOffset: bigint) => ({ batch: { ...AT, records: [], nextOffset } });
async function opened(end?: bigint) {
  let woken = 0;
  const fetches = { topicId: async () => 'id', wake: () => void (woken += 1) };
  const lane = new FetchedLane(AT, fetches, () => end);
  await lane.topicId();
  return { lane, woken: () => woken };
}

test('one batch is fetched ahead of the one in hand, and not two', async () => {
  const { lane } = await opened();
  const first = lane.next(5n);
  lane.wanted()?.answered(batch(10n));
  expect((await first).nextOffset).toBe(10n);
  expect(lane.wanted()?.place).toEqual({ ...AT, topicId: 'id', offset: 10n });
  lane.wanted()?.answered(batch(15n));
  expect(lane.wanted()).toBeUndefined();
  expect((await lane.next(10n)).nextOffset).toBe(15n);
  expect(lane.wanted()?.place.offset).toBe(15n);
});

test('an answer to what is not wanted any more is dropped, fetched ahead or under way', async () => {
  const { lane } = await opened();
  const first = lane.next(5n);
  lane.wanted()?.answered(batch(10n));
  await first;
  const stale = lane.wanted();
  // The reader has begun anew, at an earlier place.
  lane.stop();
  const again = lane.next(3n);
  stale?.answered(batch(99n));
  expect(lane.wanted()?.place.offset).toBe(3n);
  lane.wanted()?.answered(batch(8n));
  expect((await again).nextOffset).toBe(8n);
  lane.wanted()?.answered(batch(12n));
  const elsewhere = lane.next(4n);
  expect(lane.wanted()?.place.offset).toBe(4n);
  lane.wanted()?.answered(batch(6n));
  expect((await elsewhere).nextOffset).toBe(6n);
});

test('a fault is told to who waits, or to who asks next; after it nothing is fetched until then', async () => {
  const { lane } = await opened();
  const failing = lane.next(5n);
  lane.wanted()?.answered({ error: new Error('made up') });
  await expect(failing).rejects.toThrow('made up');
  expect(lane.wanted()).toBeUndefined();
  const first = lane.next(5n);
  lane.wanted()?.answered(batch(10n));
  await first;
  lane.wanted()?.answered({ error: new Error('ahead') });
  expect(lane.wanted()).toBeUndefined();
  await expect(lane.next(10n)).rejects.toThrow('ahead');
});

test('nothing is fetched before it is asked for, after a stop, or beyond a bounded reader’s end', async () => {
  const { lane } = await opened(10n);
  expect(lane.wanted()).toBeUndefined();
  const first = lane.next(5n);
  lane.wanted()?.answered(batch(10n));
  await first;
  expect(lane.wanted()).toBeUndefined();
  const pending = lane.next(7n);
  lane.stop();
  await expect(pending).rejects.toThrow('no batch is wanted any more');
  expect(lane.wanted()).toBeUndefined();
});
