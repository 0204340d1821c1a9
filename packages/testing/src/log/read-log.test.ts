import { memory } from '@leftfold/memory';
import type { Batch, Cursor, Lane, LogRecord } from '@leftfold/subscriptions';
import { readSource } from '@leftfold/subscriptions';
import { newEvents, newStream, thingHappened } from '../event-store/encoded-events.ts';
import { expect, test } from 'vitest';

const append = async (storage: ReturnType<typeof memory>, count: number, type = thingHappened.type): Promise<void> => {
  for (let n = 0; n < count; n++) {
    const events = newEvents(1, { schema: { ...thingHappened, type } });
    await storage.store.append([{ stream: newStream(), expect: 'absent', events }]);
  }
};
async function all(reading: AsyncIterable<Batch<LogRecord>>): Promise<readonly Batch<LogRecord>[]> {
  const batches: Batch<LogRecord>[] = [];
  for await (const batch of reading) batches.push(batch);
  return batches;
}
const positions = (batches: readonly Batch<LogRecord>[]): readonly number[] =>
  batches.flatMap(({ records }) => records.map(({ position }) => Number(position))).toSorted((a, b) => a - b);

test('a loop reads what is there up to an end, and ends by itself', async () => {
  const storage = memory();
  await append(storage, 3);
  const until = await storage.log.head();
  await append(storage, 2);
  expect(positions(await all(readSource(storage.log, { until })))).toEqual([1, 2, 3]);
});

test('it begins where it is told, on every lane, and goes on from the ends of its last batches', async () => {
  const storage = memory({ lanes: 4 });
  await append(storage, 20);
  const from = await storage.log.head();
  await append(storage, 20);
  const later = await all(readSource(storage.log, { from, until: await storage.log.head() }));
  expect(positions(later)).toEqual(Array.from({ length: 20 }, (_, i) => i + 21));
  const places = new Map(from);
  for (const { lane, to } of later) places.set(lane, to);
  await append(storage, 5);
  const rest = await all(readSource(storage.log, { from: places, until: await storage.log.head() }));
  expect(positions(rest)).toEqual([41, 42, 43, 44, 45]);
});

test('it reads only what is wanted', async () => {
  const storage = memory();
  await append(storage, 2);
  await append(storage, 1, 'conformance.thing.wanted');
  const only = { types: ['conformance.thing.wanted'] };
  expect(positions(await all(readSource(storage.log, { only, until: await storage.log.head() })))).toEqual([3]);
});

test('without an end it waits for what comes; a batch is taken when the loop asks for the next, and leaving ends the reading', async () => {
  const storage = memory();
  await append(storage, 1);
  const seen: number[] = [];
  for await (const batch of readSource(storage.log)) {
    seen.push(...positions([batch]));
    if (seen.length === 3) break;
    await append(storage, 1);
  }
  expect(seen).toEqual([1, 2, 3]);
});

test('aborting ends it with the signal’s reason, also while it waits', async () => {
  const storage = memory();
  const stop = new AbortController();
  const reading = all(readSource(storage.log, { signal: stop.signal }));
  stop.abort(new Error('enough'));
  await expect(reading).rejects.toThrow('enough');
  await expect(all(readSource(storage.log, { signal: stop.signal }))).rejects.toThrow('enough');
});

test('what stops a lane is thrown, after what was read before', async () => {
  const storage = memory({ lanes: 2 });
  const wrong = new Map([['1' as Lane, 'nonsense' as Cursor]]);
  await expect(all(readSource(storage.log, { from: wrong }))).rejects.toMatchObject({ code: 'LF_CURSOR_INVALID' });
  const single = await memory().log.head();
  await expect(all(readSource(storage.log, { from: single }))).rejects.toMatchObject({ code: 'LF_OTHER_LOG' });
});
