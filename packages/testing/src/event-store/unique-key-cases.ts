import assert from 'node:assert/strict';
import { streamRef, uuidV7 } from '@leftfold/core';
import type { EventStore, KeyChange, StreamRef, StreamVersion, UniqueKey } from '@leftfold/core';
import type { ConformanceCase } from '../conformance-case.ts';
import { tally } from './concurrency-cases.ts';
import { newEvents, newStream, readIds } from './encoded-events.ts';
import type { OpenStore } from './event-store-conformance.ts';

const newKey = (): UniqueKey => ['conformance', uuidV7()];
const reserve = (stream: StreamRef, key: UniqueKey): KeyChange => ({ stream, change: 'reserve', key });
const release = (stream: StreamRef, key: UniqueKey): KeyChange => ({ stream, change: 'release', key });

/** Unique keys beyond the stream. */
export const uniqueKeyCases = (open: OpenStore): readonly ConformanceCase[] => [
  {
    title: 'a key that a stream holds is taken for any other one, and nothing of the call is written',
    run: async () => {
      const store = await open();
      const [holder, other, third] = [newStream(), newStream(), newStream()];
      const [key, free] = [newKey(), newKey()];
      await store.append([{ stream: holder, expect: 'absent', events: newEvents(1) }], {
        keys: [reserve(holder, key)],
      });
      const reply = { tenant: '', key: uuidV7(), requestHash: 'h', reply: '1', keepMs: 60_000 };
      const outcome = await store.append(
        [
          { stream: other, expect: 'absent', events: newEvents(1) },
          { stream: third, expect: 'any', events: newEvents(1) },
        ],
        { reply, keys: [reserve(other, free), reserve(other, key)] },
      );
      assert.deepEqual(outcome, { kind: 'taken', key, by: holder.id });
      assert.deepEqual([await readIds(store, other), await readIds(store, third)], [[], []]);
      assert.equal(await store.reply(reply), undefined);
      assert.equal(await holderOf(store, free), undefined);
      assert.equal(await holderOf(store, key), holder.id);
    },
  },
  {
    title: 'keys change hands without events, too, and with a token',
    run: async () => {
      const store = await open();
      const [stream, key] = [newStream(), newKey()];
      const outcome = await store.append([], { keys: [reserve(stream, key)] });
      assert.ok(outcome.kind === 'appended' && !outcome.already);
      assert.match(outcome.token, /^[\w.~-]+$/);
      assert.deepEqual(outcome.versions, []);
      assert.equal(await holderOf(store, key), stream.id);
      assert.deepEqual(await readIds(store, stream), []);
    },
  },
  {
    title: 'taking a key that the stream holds and giving back one that it does not hold change nothing',
    run: async () => {
      const store = await open();
      const [stream, other, key] = [newStream(), newStream(), newKey()];
      await store.append([], { keys: [reserve(stream, key)] });
      assert.equal((await store.append([], { keys: [reserve(stream, key)] })).kind, 'appended');
      assert.equal(
        (await store.append([], { keys: [release(other, key), release(other, newKey())] })).kind,
        'appended',
      );
      assert.equal(await holderOf(store, key), stream.id);
    },
  },
  {
    title: 'a key that was given back is free for others',
    run: async () => {
      const store = await open();
      const [first, second, key] = [newStream(), newStream(), newKey()];
      await store.append([], { keys: [reserve(first, key)] });
      await store.append([{ stream: first, expect: 'absent', events: newEvents(1) }], { keys: [release(first, key)] });
      assert.equal(await holderOf(store, key), undefined);
      assert.equal((await store.append([], { keys: [reserve(second, key)] })).kind, 'appended');
      assert.equal(await holderOf(store, key), second.id);
    },
  },
  {
    title: 'of one call everything is given back before anything is taken, in whatever order it is named',
    run: async () => {
      const store = await open();
      const [a, b] = [newStream(), newStream()];
      const [keyOfA, keyOfB] = [newKey(), newKey()];
      await store.append([], { keys: [reserve(a, keyOfA), reserve(b, keyOfB)] });
      const swapped = await store.append([], {
        keys: [reserve(b, keyOfA), reserve(a, keyOfB), release(a, keyOfA), release(b, keyOfB)],
      });
      assert.equal(swapped.kind, 'appended', 'two streams exchange their keys');
      assert.deepEqual([await holderOf(store, keyOfA), await holderOf(store, keyOfB)], [b.id, a.id]);
      const again = await store.append([], { keys: [reserve(b, keyOfA), release(b, keyOfA)] });
      assert.equal(again.kind, 'appended', 'given back and taken by the same stream');
      assert.equal(await holderOf(store, keyOfA), b.id);
    },
  },
  {
    title: 'a call that is refused gives nothing back',
    run: async () => {
      const store = await open();
      const [stream, other] = [newStream(), newStream()];
      const [mine, theirs] = [newKey(), newKey()];
      await store.append([{ stream, expect: 'absent', events: newEvents(1) }], { keys: [reserve(stream, mine)] });
      await store.append([], { keys: [reserve(other, theirs)] });
      const keys = [release(stream, mine), reserve(stream, theirs)];
      assert.equal((await store.append([], { keys })).kind, 'taken');
      const lost = await store.append([{ stream, expect: 'absent', events: newEvents(1) }], {
        keys: [release(stream, mine)],
      });
      assert.deepEqual(lost, { kind: 'conflict', stream: stream.id, actual: 1n });
      assert.equal(await holderOf(store, mine), stream.id);
    },
  },
  {
    title: 'replies, event ids and versions are looked at before keys',
    run: async () => {
      const store = await open();
      const [holder, stream, key] = [newStream(), newStream(), newKey()];
      await store.append([], { keys: [reserve(holder, key)] });
      const reply = { tenant: '', key: uuidV7(), requestHash: 'h', reply: '1', keepMs: 60_000 };
      const call = { stream, expect: 'absent' as const, events: newEvents(1) };
      await store.append([call], { reply });
      const keys = [reserve(stream, key)];
      assert.equal((await store.append([{ ...call, events: newEvents(1) }], { reply, keys })).kind, 'replied');
      const same = await store.append([call], { keys });
      assert.ok(same.kind === 'appended' && same.already);
      assert.equal((await store.append([{ ...call, events: newEvents(1) }], { keys })).kind, 'conflict');
      const ahead = { stream, expect: 1n as StreamVersion, events: newEvents(1) };
      assert.equal((await store.append([ahead], { keys })).kind, 'taken');
    },
  },
  {
    title: 'keys are compared byte by byte, within their name and their tenant',
    run: async () => {
      const store = await open();
      const unique = uuidV7();
      const values = [
        unique,
        unique.toUpperCase(),
        ` ${unique}`,
        `${unique}é`,
        `${unique}e\u0301`,
        `${unique}"\\{},NULL'`,
      ];
      const keys = values.flatMap((value): readonly UniqueKey[] => [
        ['conformance', value],
        ['conformance.other', value],
      ]);
      for (const tenant of ['', 'a']) {
        for (const key of keys) {
          const stream = streamRef('conformance.thing', uuidV7(), tenant);
          const outcome = await store.append([], { keys: [reserve(stream, key)] });
          assert.equal(outcome.kind, 'appended', `${key.join(' ')} of tenant '${tenant}'`);
          assert.equal(await holderOf(store, key, tenant), stream.id);
        }
      }
    },
  },
  {
    title:
      'of 50 concurrent appends that take one key for different streams exactly one is appended, the others are told who has it',
    run: async () => {
      const store = await open();
      const key = newKey();
      const streams = Array.from({ length: 50 }, () => newStream());
      const outcomes = await Promise.all(
        streams.map((stream) =>
          store.append([{ stream, expect: 'absent', events: newEvents(1) }], { keys: [reserve(stream, key)] }),
        ),
      );
      assert.deepEqual(tally(outcomes), { appended: 1, taken: 49 });
      const winner = streams[outcomes.findIndex(({ kind }) => kind === 'appended')];
      for (const outcome of outcomes) {
        if (outcome.kind === 'taken') assert.deepEqual(outcome, { kind: 'taken', key, by: winner?.id });
      }
      const lengths = await Promise.all(streams.map(async (stream) => (await readIds(store, stream)).length));
      assert.deepEqual(
        lengths,
        streams.map((stream) => (stream === winner ? 1 : 0)),
      );
    },
  },
  {
    title:
      'of 40 concurrent appends that take and give back the same keys in any order none waits for another for ever',
    run: async () => {
      const store = await open();
      const stream = newStream();
      const keys = Array.from({ length: 5 }, newKey);
      const outcomes = await Promise.all(
        Array.from({ length: 40 }, (_, index) => {
          const turned = [...keys.slice(index % 5), ...keys.slice(0, index % 5)];
          const named = index % 2 ? turned : turned.toReversed();
          return store.append([], {
            keys: named.map((key, i) => ((index + i) % 3 === 0 ? release(stream, key) : reserve(stream, key))),
          });
        }),
      );
      assert.deepEqual(tally(outcomes), { appended: 40 });
    },
  },
  {
    title:
      'a key that two streams of one call take is LF_UNIQUE_KEY_INVALID, as is one out of bounds; nothing is written',
    run: async () => {
      const store = await open();
      const [a, b, key] = [newStream(), newStream(), newKey()];
      const calls: readonly (readonly KeyChange[])[] = [
        [reserve(a, key), reserve(b, key)],
        [reserve(a, ['', 'v'])],
        [reserve(a, ['n'.repeat(101), 'v'])],
        [release(a, ['n', ''])],
        [reserve(a, ['n', 'é'.repeat(501)])],
        [reserve(a, ['n', 'a\0b'])],
        [reserve(a, ['n', 'a\ud800b'])],
      ];
      for (const keys of calls) {
        const call = store.append([{ stream: a, expect: 'any', events: newEvents(1) }], { keys });
        await assert.rejects(call, { code: 'LF_UNIQUE_KEY_INVALID', retryable: false });
      }
      assert.deepEqual(await readIds(store, a), []);
      assert.equal(await holderOf(store, key), undefined);
      const longest = ['n'.repeat(100), 'é'.repeat(500 - 18) + uuidV7()] as const;
      assert.equal((await store.append([], { keys: [reserve(a, longest)] })).kind, 'appended');
    },
  },
];

/** Which stream holds a key: asked for by a stream that cannot have it, and given back at once. */
export async function holderOf(store: EventStore, key: UniqueKey, tenant = ''): Promise<string | undefined> {
  const asking = newStream('conformance.asking', tenant);
  const outcome = await store.append([], { keys: [reserve(asking, key)] });
  if (outcome.kind === 'taken') return outcome.by;
  await store.append([], { keys: [release(asking, key)] });
  return undefined;
}
