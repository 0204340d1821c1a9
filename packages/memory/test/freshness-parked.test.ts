import { setImmediate } from 'node:timers/promises';
import { kafkaKey, partitionHash, streamRef, t } from '@leftfold/core';
import type { StreamId } from '@leftfold/core';
import { memory, memoryBroker, type MemoryStorage } from '@leftfold/memory';
import { follow, freshness, joinTokens, park, projection, redrive, relay } from '@leftfold/subscriptions';
import type { Progress, PublishRecord, Running } from '@leftfold/subscriptions';
import { expect, test, vi } from 'vitest';
import { counted, elsewhere, noted, notes, rowsOf, stopped, write } from './desk.ts';

const picky = projection('picky', {
  version: 1,
  key: 'id',
  row: { id: t.string() },
  recovery: { live: park() },
}).upsert(noted, (_, { data, stream }) => {
  if (data.text === 'poison') throw new Error('will not');
  return { id: stream.key };
});

test('an event that is parked is not taken for applied, nor is one behind it: LF_WRITE_PARKED at once; other keys are', async () => {
  const storage = memory();
  stopped(await follow(picky, { from: storage.log, storage }));
  const fresh = freshness({ storage });
  const parked = { code: 'LF_WRITE_PARKED', retryable: true, followers: [{ name: 'picky', version: 1 }] };
  await fresh.applied(await write(storage, 'a', noted({ text: 'well' })), [picky]);
  const poison = await write(storage, 'a', noted({ text: 'poison' }));
  await expect(fresh.applied(poison, [picky])).rejects.toMatchObject(parked);
  const behind = await write(storage, 'a', noted({ text: 'well' }));
  await expect(fresh.applied(behind, [picky])).rejects.toMatchObject(parked);
  await fresh.applied(await write(storage, 'b', noted({ text: 'well' })), [picky]);
  await expect(fresh.applied(await write(storage, ['c', 'a'], noted({ text: 'well' })), [picky])).rejects.toMatchObject(
    parked,
  );
});

/** Two streams, one on each of two lanes. */
const [first, second] = [0, 1].map((lane) => {
  const ofLane = (key: string): boolean => partitionHash(kafkaKey('', streamRef('desk.note', key).id)) % 2 === lane;
  return Array.from({ length: 20 }, (_, n) => `k${n}`).find(ofLane) as string;
}) as [string, string];
const strict = projection('strict', {
  version: 1,
  key: 'id',
  row: { id: t.string() },
  recovery: { live: park() },
}).upsert(noted, (_, { data, stream }) => {
  if (data.text === stream.key) throw new Error('will not');
  return { id: stream.key };
});
const isParked = async ({ parked }: MemoryStorage): Promise<boolean> => (await parked.list({ limit: 1 })).length === 1;

test('C14 an event is not taken for applied where another process has parked it, and this one applies the rest of the write', async () => {
  const { storage, looks } = counted(memory({ lanes: 2 }));
  const other = elsewhere(storage);
  const gate = Promise.withResolvers<void>();
  let isShut = false;
  const { readModels } = storage;
  const gated: typeof readModels = Object.assign(Object.create(readModels) as typeof readModels, {
    reader: readModels.reader.bind(readModels),
    prepare: readModels.prepare.bind(readModels),
    transactions: readModels.transactions.bind(readModels),
    transaction: async (...[claim, move, work]: Parameters<typeof readModels.transaction>) => {
      if (isShut) await gate.promise;
      return readModels.transaction(claim, move, work);
    },
  });
  const here = stopped(
    await follow(strict, {
      from: storage.log,
      storage: { ...storage, readModels: gated },
      owner: 'a',
      leaseMs: 1_000,
    }),
  );
  const there = stopped(await follow(strict, { from: other.log, storage: other, owner: 'b', leaseMs: 1_000 }));
  const lanesOf = (running: Running): readonly string[] =>
    running.status().lanes.flatMap(({ lane, state }) => (state === 'following' ? [lane] : []));
  await vi.waitFor(() => expect([lanesOf(here), lanesOf(there)].map((lanes) => lanes.length)).toEqual([1, 1]), {
    timeout: 10_000,
    interval: 5,
  });
  const poisoned = lanesOf(there)[0] === '0' ? first : second;
  isShut = true;
  const token = await write(storage, [first, second], noted({ text: poisoned }));
  const applied = freshness({ storage }).applied(token, [strict], { timeoutMs: 10_000 });
  await vi.waitFor(async () => expect(await isParked(other)).toBe(true), { timeout: 20_000, interval: 5 });
  // A look knows by now what is parked.
  const seen = looks.length;
  await vi.waitFor(() => expect(looks.length).toBeGreaterThan(seen + 2), { timeout: 20_000, interval: 5 });
  gate.resolve();
  await expect(applied).rejects.toMatchObject({ code: 'LF_WRITE_PARKED' });
});

test('C14 nor where it was parked by the owner of before, while this process has just been given the lane', async () => {
  const { storage, looks } = counted(memory({ lanes: 2 }));
  const { progress, parked } = storage;
  const [looking, opening] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const blind: Progress = {
    look: async (question) => {
      const isFirst = looks.length === 0;
      const look = await progress.look(question);
      if (!isFirst) await looking.promise;
      return look;
    },
    laneBeyond: progress.laneBeyond.bind(progress),
    parked: progress.parked.bind(progress),
  };
  const slow: typeof parked = Object.assign(Object.create(parked) as typeof parked, {
    keys: async (claim: Parameters<typeof parked.keys>[0]) => {
      if (claim.lane === '1') await opening.promise;
      return parked.keys(claim);
    },
  });
  const token = await write(storage, second, noted({ text: second }));
  const applied = freshness({ storage: { ...storage, progress: blind } }).applied(token, [strict], {
    timeoutMs: 10_000,
  });
  await vi.waitFor(() => expect(looks).toHaveLength(2), { timeout: 20_000, interval: 5 });
  const before = await follow(strict, { from: storage.log, storage: elsewhere(storage), owner: 'b' });
  await before.caughtUp();
  await before.stop();
  const here = stopped(await follow(strict, { from: storage.log, storage: { ...storage, parked: slow }, owner: 'a' }));
  await write(storage, first, noted({ text: 'well' }));
  const batchesOf = (lane: string): number => here.status().lanes.find((one) => one.lane === lane)?.batches ?? 0;
  await vi.waitFor(() => expect(batchesOf('0')).toBeGreaterThan(0), { timeout: 20_000, interval: 5 });
  // Who waits is told a turn of the event loop later.
  await setImmediate();
  looking.resolve();
  opening.resolve();
  await expect(applied).rejects.toMatchObject({ code: 'LF_WRITE_PARKED' });
});

test('R15 nor is one that a broker refused, nor what is behind it; redriven they are applied', async () => {
  const storage = memory();
  let refused = 'poison';
  const says = ({ value }: PublishRecord): boolean =>
    refused !== '' && new TextDecoder().decode(value).includes(refused);
  const broker = memoryBroker({
    fail: (records) => {
      const { topic, partition } = records[0] as PublishRecord;
      const cause = Object.assign(new Error('MESSAGE_TOO_LARGE'), { code: 'LF_RECORD_REFUSED' });
      return records.some(says) ? { topic, partition, kind: 'notWritten', refused: true, cause } : undefined;
    },
  });
  const fresh = freshness({ storage, brokers: [broker] });
  const parked = { code: 'LF_WRITE_PARKED', followers: [{ name: 'notes', version: 1 }] };
  stopped(await follow(notes, { from: broker.source, storage }));
  stopped(await relay({ storage, to: broker, service: 'desk' }));
  const poison = await write(storage, 'a', noted({ text: 'poison' }));
  await expect(fresh.applied(poison, [notes])).rejects.toMatchObject(parked);
  const behind = await write(storage, 'a', noted({ text: 'well' }));
  await expect(fresh.applied(behind, [notes])).rejects.toMatchObject(parked);
  await fresh.applied(await write(storage, 'b', noted({ text: 'well' })), [notes]);
  expect(rowsOf(storage, notes)).toEqual([{ id: 'b', text: 'well' }]);
  refused = '';
  await redrive(storage, { topic: 'desk.note', tenant: '', stream: 'desk.note-a' as StreamId }, { by: 'ops' });
  const applied = (): Promise<void> => fresh.applied(joinTokens([poison, behind]), [notes]);
  await vi.waitFor(applied, { timeout: 10_000, interval: 20 });
  expect(rowsOf(storage, notes)).toContainEqual({ id: 'a', text: 'well' });
});
