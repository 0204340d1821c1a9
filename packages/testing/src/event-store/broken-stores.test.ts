import { expect, test } from 'vitest';
import type { EventStore, StreamAppend, StreamVersion } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { testBreaks } from '../../test/broken-store.ts';
import { readStream } from './encoded-events.ts';
import { eventStoreConformance } from './event-store-conformance.ts';

const versionOf = async (store: EventStore, append: StreamAppend): Promise<bigint> =>
  (await readStream(store, append.stream)).at(-1)?.streamVersion ?? 0n;
const anyway = (appends: readonly StreamAppend[]) => appends.map((append) => ({ ...append, expect: 'any' as const }));

/** Versions, all or nothing, replies, what is stored. */
testBreaks({
  'no version is checked': [
    (store) => ({ append: (appends, options) => store.append(anyway(appends), options) }),
    'version 1 is refused by a stream at version 2',
  ],
  'the version is read without a lock': [
    (store) => ({
      append: async (appends, options) => {
        for (const append of appends) {
          const actual = await versionOf(store, append);
          if (typeof append.expect === 'bigint' && append.expect !== actual) return store.append(appends, options);
        }
        return store.append(anyway(appends), options);
      },
    }),
    'L7 of 50 concurrent appends at one version exactly one is appended, the others conflict',
  ],
  'the loser is told that it won (ON CONFLICT DO NOTHING)': [
    (store) => ({
      append: async (appends, options) => {
        const outcome = await store.append(appends, options);
        return outcome.kind === 'conflict' ? store.append([]) : outcome;
      },
    }),
    'L7 of 50 concurrent appends at one version exactly one is appended, the others conflict',
  ],
  "'absent' is not enforced": [
    (store) => ({
      append: (appends, options) =>
        store.append(
          appends.map((append) => (append.expect === 'absent' ? { ...append, expect: 'any' } : append)),
          options,
        ),
    }),
    "L8 'absent' is refused by a stream at version 1",
  ],
  'a version ahead of the stream is accepted': [
    (store) => ({
      append: async (appends, options) => {
        const known = await Promise.all(appends.map((append) => versionOf(store, append)));
        return store.append(
          appends.map((append, i) =>
            typeof append.expect === 'bigint' && append.expect > (known[i] ?? 0n)
              ? { ...append, expect: 'any' }
              : append,
          ),
          options,
        );
      },
    }),
    'L10 version 3 is refused by a stream at version 2',
  ],
  'streams are written one after the other': [
    (store) => ({
      append: async (appends, options) => {
        if (appends.length < 2) return store.append(appends, options);
        for (const append of appends) {
          const outcome = await store.append([append]);
          if (outcome.kind !== 'appended') return outcome;
        }
        return store.append(
          appends.map(({ stream }) => ({ stream, expect: 'any', events: [] })),
          options,
        );
      },
    }),
    'a conflict of one stream names it, and nothing is written to any of the call, nor its reply',
  ],
  'the reply is lost': [
    (store) => ({ append: (appends, { reply: _, ...options } = {}) => store.append(appends, options) }),
    'a reply is stored with its events and found with the versions and the token of its append',
  ],
  'the reply is looked up before the append, not with it': [
    (store) => ({
      append: async (appends, options = {}) => {
        const known = options.reply && (await store.reply(options.reply));
        if (known) return { kind: 'replied', ...known };
        const { reply, ...others } = options;
        const outcome = await store.append(appends, others);
        if (reply && outcome.kind === 'appended') await store.append([], { reply });
        return outcome;
      },
    }),
    'of 50 concurrent appends with one key to one stream exactly one is appended, the others are replied',
  ],
  'versions are checked before the reply': [
    (store) => ({
      append: async (appends, options) => {
        for (const append of appends) {
          const actual = (await versionOf(store, append)) as StreamVersion;
          if (append.expect === 'absent' && actual > 0n) return { kind: 'conflict', stream: append.stream.id, actual };
        }
        return store.append(appends, options);
      },
    }),
    'a key that was answered is replied before any version is checked, and nothing is written',
  ],
  'the tenant is no part of the key': [
    (store) => ({
      append: (appends, options) =>
        store.append(
          appends.map((append) => ({ ...append, stream: { ...append.stream, tenant: '' } })),
          options,
        ),
      read: (stream, options) => store.read({ ...stream, tenant: '' }, options),
    }),
    'L13 tenants with equal stream ids, event ids and reply keys are apart from each other',
  ],
  'a payload is parsed and printed again (jsonb)': [
    (store) => ({
      append: (appends, options) =>
        store.append(
          appends.map((append) => ({
            ...append,
            events: append.events.map((event) => ({ ...event, payload: JSON.stringify(JSON.parse(event.payload)) })),
          })),
          options,
        ),
    }),
    'a payload comes back byte by byte: odd spacing',
  ],
  'each writer stores its schema anew': [
    (store) => ({
      append: (appends, options) =>
        store.append(
          appends.map((append) => ({
            ...append,
            events: append.events.map((event) => ({ ...event, schema: { ...event.schema, fingerprint: event.id } })),
          })),
          options,
        ),
    }),
    'an event names the schema it was written with; events of one text share it, whoever wrote them',
  ],
  'private events get a topic': [
    (store) => ({
      append: (appends, options) =>
        store.append(
          appends.map((append) => ({
            ...append,
            events: append.events.map((event) => ({ ...event, private: false })),
          })),
          options,
        ),
    }),
    'the topic follows the category; private events have none',
  ],
  'aborting is ignored': [
    (store) => ({ append: (appends, { signal: _, ...options } = {}) => store.append(appends, options) }),
    'an append whose signal has aborted already rejects with its reason and writes nothing',
  ],
});

test('the suite says what was declared off', () => {
  const { store } = memory();
  const suite = eventStoreConformance({
    store: () => store,
    capabilities: { transactions: false, replyExpiry: false },
  });
  expect(suite.undeclared).toEqual(['transactions', 'replyExpiry']);
  expect(suite.length).toBeGreaterThan(110);
  expect(new Set(suite.map(({ title }) => title)).size).toBe(suite.length);
});
