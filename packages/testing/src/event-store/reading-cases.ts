import assert from 'node:assert/strict';
import { streamRef, uuidV7 } from '@leftfold/core';
import type { StreamVersion } from '@leftfold/core';
import type { ConformanceCase } from '../conformance-case.ts';
import { newEvents, newStream, readStream } from './encoded-events.ts';
import type { OpenStore } from './event-store-conformance.ts';

/** What a reader of one stream gets. */
export const readingCases = (open: OpenStore): readonly ConformanceCase[] => [
  {
    title: 'an absent stream yields no page',
    run: async () => {
      const store = await open();
      for await (const page of store.read(newStream())) assert.fail(`a page of ${page.length} events`);
    },
  },
  {
    title: 'L11 a long stream comes in pages, none empty, in version order without gaps',
    run: async () => {
      const store = await open();
      const stream = newStream();
      const events = newEvents(1201);
      for (let from = 0; from < events.length; from += 400) {
        await store.append([{ stream, expect: BigInt(from) as StreamVersion, events: events.slice(from, from + 400) }]);
      }
      let next = 0;
      for await (const page of store.read(stream)) {
        assert.ok(page.length > 0, 'an empty page');
        for (const { id, streamVersion } of page) {
          assert.equal(streamVersion, BigInt(next + 1));
          assert.equal(id, events[next]?.id);
          next += 1;
        }
      }
      assert.equal(next, events.length);
    },
  },
  {
    title: '`after` leaves out what stands at or before that version; at the end and beyond it nothing is left',
    run: async () => {
      const store = await open();
      const stream = newStream();
      const events = newEvents(5);
      await store.append([{ stream, expect: 'absent', events }]);
      for (const after of [0, 1, 3, 5, 6, 1000]) {
        const rest = await readStream(store, stream, BigInt(after));
        assert.deepEqual(
          rest.map(({ id }) => id),
          events.slice(after).map(({ id }) => id),
          `after ${after}`,
        );
      }
    },
  },
  {
    title: 'positions rise within a stream and name one event of the log only',
    run: async () => {
      const store = await open();
      const streams = [newStream(), newStream(), newStream('conformance.other', 'a tenant')];
      for (let round = 0; round < 5; round++) {
        for (const stream of streams) await store.append([{ stream, expect: 'any', events: newEvents(2) }]);
      }
      const read = await Promise.all(streams.map((stream) => readStream(store, stream)));
      const positions = read.map((events) => events.map(({ position }) => position));
      for (const ofStream of positions) {
        ofStream.forEach((position, index) => assert.ok(index === 0 || position > (ofStream[index - 1] ?? 0n)));
        assert.ok(ofStream.every((position) => position > 0n));
      }
      assert.equal(new Set(positions.flat()).size, 30);
    },
  },
  {
    title: 'streams with awkward keys are streams of their own',
    run: async () => {
      const store = await open();
      const unique = uuidV7();
      const keys = [
        "it's",
        'a"b',
        'a%',
        'a_',
        'a\\',
        '../a',
        'a/b',
        'a b',
        ' a',
        'a',
        'A',
        'ß',
        'ss',
        'é',
        'e',
        '🙂',
        'שלום',
        '$1',
        'null',
        '0',
      ];
      const streams = [...keys.map((key) => `${unique} ${key}`), `${unique} `.padEnd(230, 'x')].map((key) =>
        streamRef('conformance.thing', key),
      );
      const events = await Promise.all(
        streams.map(async (stream) => {
          const [event] = newEvents(1);
          const outcome = await store.append([{ stream, expect: 'absent', events: event ? [event] : [] }]);
          assert.equal(outcome.kind, 'appended', `the stream ${stream.id}`);
          return event;
        }),
      );
      for (const [index, stream] of streams.entries()) {
        const [read, ...more] = await readStream(store, stream);
        assert.deepEqual([read?.id, read?.key, read?.stream, more], [events[index]?.id, stream.key, stream.id, []]);
      }
    },
  },
  {
    title: 'reading with a signal that has aborted already rejects with its reason',
    run: async () => {
      const store = await open();
      const stream = newStream();
      await store.append([{ stream, expect: 'absent', events: newEvents(1) }]);
      const reason = new Error('no longer wanted');
      const reading = async (): Promise<void> => {
        for await (const page of store.read(stream, { signal: AbortSignal.abort(reason) }))
          assert.fail(`read ${page.length}`);
      };
      await assert.rejects(reading, (error) => error === reason);
      await assert.rejects(
        store.reply({ tenant: '', key: 'k' }, { signal: AbortSignal.abort(reason) }),
        (e) => e === reason,
      );
    },
  },
];
