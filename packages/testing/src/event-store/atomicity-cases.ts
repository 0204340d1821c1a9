import assert from 'node:assert/strict';
import type { StreamVersion } from '@leftfold/core';
import type { ConformanceCase } from '../conformance-case.ts';
import { newEvent, newEvents, newStream, readIds, readStream } from './encoded-events.ts';
import type { OpenStore } from './event-store-conformance.ts';

/** One call over several streams. */
export const atomicityCases = (open: OpenStore): readonly ConformanceCase[] => [
  {
    title: 'one call appends to several streams and answers their versions in its own order',
    run: async () => {
      const store = await open();
      const [a, b, c] = [newStream(), newStream('conformance.other'), newStream()];
      await store.append([{ stream: b, expect: 'absent', events: newEvents(3) }]);
      const outcome = await store.append([
        { stream: c, expect: 'any', events: newEvents(2) },
        { stream: a, expect: 'absent', events: newEvents(1) },
        { stream: b, expect: 3n as StreamVersion, events: newEvents(4) },
      ]);
      assert.deepEqual('versions' in outcome && outcome.versions, [2n, 1n, 7n]);
      assert.deepEqual(await Promise.all([a, b, c].map(async (s) => (await readIds(store, s)).length)), [1, 7, 2]);
    },
  },
  {
    title: 'a conflict of one stream names it, and nothing is written to any of the call, nor its reply',
    run: async () => {
      const store = await open();
      const [free, taken, alsoFree] = [newStream(), newStream(), newStream()];
      await store.append([{ stream: taken, expect: 'absent', events: newEvents(2) }]);
      const reply = { tenant: '', key: taken.key, requestHash: 'h', reply: '1', keepMs: 60_000 };
      const outcome = await store.append(
        [
          { stream: free, expect: 'absent', events: newEvents(1) },
          { stream: taken, expect: 1n as StreamVersion, events: newEvents(1) },
          { stream: alsoFree, expect: 'any', events: newEvents(1) },
        ],
        { reply },
      );
      assert.deepEqual(outcome, { kind: 'conflict', stream: taken.id, actual: 2n });
      for (const [stream, length] of [
        [free, 0],
        [taken, 2],
        [alsoFree, 0],
      ] as const) {
        assert.equal((await readIds(store, stream)).length, length, `events of ${stream.id}`);
      }
      assert.equal(await store.reply(reply), undefined);
    },
  },
  {
    title: 'a stream may occur once in a call: twice is LF_STREAM_REPEATED, and nothing is written',
    run: async () => {
      const store = await open();
      const stream = newStream();
      const twice = [newEvent(), newEvent()].map((event) => ({ stream, expect: 'any' as const, events: [event] }));
      await assert.rejects(store.append(twice), { code: 'LF_STREAM_REPEATED', retryable: false });
      assert.deepEqual(await readIds(store, stream), []);
    },
  },
  {
    title: 'a stream without events is not checked, and its version is where the caller said it stood',
    run: async () => {
      const store = await open();
      const [idle, absent, written] = [newStream(), newStream(), newStream()];
      await store.append([{ stream: idle, expect: 'absent', events: newEvents(2) }]);
      const outcome = await store.append([
        { stream: idle, expect: 7n as StreamVersion, events: [] },
        { stream: absent, expect: 'absent', events: [] },
        { stream: written, expect: 'absent', events: newEvents(1) },
      ]);
      assert.deepEqual('versions' in outcome && outcome.versions, [7n, 0n, 1n]);
      assert.equal((await readIds(store, idle)).length, 2);
    },
  },
  {
    title: 'a call that writes nothing at all is appended, with a token',
    run: async () => {
      const store = await open();
      for (const appends of [[], [{ stream: newStream(), expect: 'absent' as const, events: [] }]]) {
        const outcome = await store.append(appends);
        assert.equal(outcome.kind, 'appended');
        assert.match('token' in outcome ? outcome.token : '', /^[\w.~-]+$/);
      }
    },
  },
  {
    title: 'one append of 1,000 events is written whole and in order',
    run: async () => {
      const store = await open();
      const stream = newStream();
      const events = newEvents(1000);
      const outcome = await store.append([{ stream, expect: 'absent', events }]);
      assert.deepEqual('versions' in outcome && outcome.versions, [1000n]);
      assert.deepEqual(
        await readIds(store, stream),
        events.map(({ id }) => id),
      );
    },
  },
  {
    title: 'an append whose signal has aborted already rejects with its reason and writes nothing',
    run: async () => {
      const store = await open();
      const stream = newStream();
      const reason = new Error('no longer wanted');
      const aborted = store.append([{ stream, expect: 'any', events: newEvents(1) }], {
        signal: AbortSignal.abort(reason),
      });
      await assert.rejects(aborted, (error) => error === reason);
      assert.deepEqual(await readIds(store, stream), []);
    },
  },
  {
    title: 'aborting after the outcome changes nothing',
    run: async () => {
      const store = await open();
      const stream = newStream();
      const controller = new AbortController();
      await store.append([{ stream, expect: 'any', events: newEvents(1) }], { signal: controller.signal });
      controller.abort();
      assert.equal((await readStream(store, stream)).length, 1);
    },
  },
];
