import assert from 'node:assert/strict';
import { uuidV7 } from '@leftfold/core';
import type { EventStore, NewReply, StreamVersion } from '@leftfold/core';
import type { ConformanceCase } from '../conformance-case.ts';
import { tally } from './concurrency-cases.ts';
import { newEvents, newStream, readIds } from './encoded-events.ts';
import type { OpenStore } from './event-store-conformance.ts';

const newReply = (differently: Partial<NewReply> = {}): NewReply => ({
  tenant: '',
  key: uuidV7(),
  requestHash: 'sha256 of the request',
  reply: '{"orderId": "1"}',
  keepMs: 60_000,
  ...differently,
});

/** Stored answers. */
export const replyCases = (open: OpenStore): readonly ConformanceCase[] => [
  {
    title: 'a reply is stored with its events and found with the versions and the token of its append',
    run: async () => {
      const store = await open();
      const [a, b] = [newStream(), newStream()];
      const reply = newReply();
      const outcome = await store.append(
        [
          { stream: a, expect: 'absent', events: newEvents(2) },
          { stream: b, expect: 5n as StreamVersion, events: [] },
        ],
        { reply },
      );
      assert.ok(outcome.kind === 'appended');
      assert.match(outcome.token, /^[\w.~-]+$/);
      const stored = { requestHash: reply.requestHash, reply: reply.reply, versions: [2n, 5n], token: outcome.token };
      assert.deepEqual(await store.reply(reply), stored);
      await store.append([{ stream: a, expect: 'any', events: newEvents(3) }]);
      assert.deepEqual(await store.reply(reply), stored, 'as its append had left it, whatever came later');
    },
  },
  {
    title: 'a reply is stored without events, too',
    run: async () => {
      const store = await open();
      const reply = newReply();
      const outcome = await store.append([{ stream: newStream(), expect: 3n as StreamVersion, events: [] }], { reply });
      assert.equal(outcome.kind, 'appended');
      assert.deepEqual((await store.reply(reply))?.versions, [3n]);
      assert.equal((await store.append([], { reply })).kind, 'replied');
    },
  },
  {
    title: 'a key without a reply is answered with undefined',
    run: async () => assert.equal(await (await open()).reply({ tenant: '', key: uuidV7() }), undefined),
  },
  {
    title: 'a key that was answered is replied before any version is checked, and nothing is written',
    run: async () => {
      const store = await open();
      const stream = newStream();
      const reply = newReply();
      await store.append([{ stream, expect: 'absent', events: newEvents(1) }], { reply });
      const stored = await store.reply(reply);
      for (const expect of ['absent', 'present', 'any', 0n as StreamVersion, 1n as StreamVersion] as const) {
        const again = await store.append([{ stream, expect, events: newEvents(1) }], {
          reply: { ...reply, reply: '"other"' },
        });
        assert.deepEqual(again, { kind: 'replied', ...stored });
      }
      assert.equal((await readIds(store, stream)).length, 1);
      assert.deepEqual(await store.reply(reply), stored);
    },
  },
  {
    title: 'another request with an answered key is replied all the same, with the first request’s hash',
    run: async () => {
      const store = await open();
      const reply = newReply({ requestHash: 'first' });
      await store.append([], { reply });
      const again = await store.append([], { reply: { ...reply, requestHash: 'second', reply: '2' } });
      assert.ok(again.kind === 'replied');
      assert.deepEqual([again.requestHash, again.reply], ['first', reply.reply]);
    },
  },
  {
    title: 'of 50 concurrent appends with one key to one stream exactly one is appended, the others are replied',
    run: async () => {
      const store = await open();
      const stream = newStream();
      await raceForKey(store, () => stream, 'absent');
      assert.equal((await readIds(store, stream)).length, 1);
    },
  },
  {
    title: 'of 50 concurrent appends with one key, each to a stream of its own, exactly one is appended',
    run: async () => {
      const store = await open();
      const streams = Array.from({ length: 50 }, () => newStream());
      await raceForKey(store, (index) => streams[index] ?? newStream(), 'any');
      const lengths = await Promise.all(streams.map(async (stream) => (await readIds(store, stream)).length));
      assert.equal(
        lengths.reduce((sum, length) => sum + length),
        1,
      );
    },
  },
  {
    title: 'a conflict stores no reply: the key is free for the next attempt',
    run: async () => {
      const store = await open();
      const stream = newStream();
      const reply = newReply();
      await store.append([{ stream, expect: 'absent', events: newEvents(1) }]);
      const lost = await store.append([{ stream, expect: 'absent', events: newEvents(1) }], { reply });
      assert.equal(lost.kind, 'conflict');
      assert.equal(await store.reply(reply), undefined);
      const won = await store.append([{ stream, expect: 1n as StreamVersion, events: newEvents(1) }], { reply });
      assert.equal(won.kind, 'appended');
    },
  },
  {
    title: 'a key of 512 bytes and a reply of 64 KiB of unicode come back as they went in',
    run: async () => {
      const store = await open();
      const key = `${uuidV7()} "%\\' `.padEnd(500, 'x').padEnd(506, '🙂').slice(0, 506);
      const reply = newReply({ key, reply: ` ${JSON.stringify('€🙂'.repeat(9000))}\n` });
      await store.append([], { reply });
      assert.equal((await store.reply({ tenant: '', key }))?.reply, reply.reply);
      assert.equal(await store.reply({ tenant: '', key: `${key}x` }), undefined);
    },
  },
];

/** Where the harness can let the time pass for which replies are kept. */
export const replyExpiryCases = (
  open: OpenStore,
  keepMs: number,
  expire: () => Promise<void>,
): readonly ConformanceCase[] => [
  {
    title: 'a reply whose time has passed is found as it was or not at all, and its key serves again',
    run: async () => {
      const store = await open();
      const reply = newReply({ keepMs });
      await store.append([], { reply });
      const first = await store.reply(reply);
      assert.ok(first, 'until then it is found');
      await expire();
      const found = await store.reply(reply);
      assert.ok(found === undefined || found.reply === first.reply);
      const stream = newStream();
      const outcome = await store.append([{ stream, expect: 'absent', events: newEvents(1) }], {
        reply: { ...reply, reply: '"second"', keepMs: 60_000 },
      });
      const isAppended = outcome.kind === 'appended';
      assert.ok(isAppended || outcome.kind === 'replied', `the outcome is ${outcome.kind}`);
      assert.equal((await store.reply(reply))?.reply, isAppended ? '"second"' : reply.reply);
      assert.equal((await readIds(store, stream)).length, isAppended ? 1 : 0);
    },
  },
];

async function raceForKey(
  store: EventStore,
  streamOf: (index: number) => ReturnType<typeof newStream>,
  expect: 'absent' | 'any',
) {
  const reply = newReply();
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      store.append([{ stream: streamOf(index), expect, events: newEvents(1) }], {
        reply: { ...reply, reply: String(index) },
      }),
    ),
  );
  assert.deepEqual(tally(outcomes), { appended: 1, replied: 49 });
  const winner = outcomes.findIndex(({ kind }) => kind === 'appended');
  const stored = await store.reply(reply);
  assert.equal(stored?.reply, String(winner), 'the answer of the one that was appended');
  for (const outcome of outcomes)
    if (outcome.kind === 'replied') assert.deepEqual(outcome, { kind: 'replied', ...stored });
}
