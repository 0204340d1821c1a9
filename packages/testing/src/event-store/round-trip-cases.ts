import assert from 'node:assert/strict';
import { kafkaKey, partitionHash, uuidV7 } from '@leftfold/core';
import type { EncodedEvent, Metadata, StoredEvent } from '@leftfold/core';
import type { ConformanceCase } from '../conformance-case.ts';
import { newEvent, newStream, readStream, thingHappened } from './encoded-events.ts';
import { conformanceTopic } from './conformance-topic.ts';
import type { OpenStore } from './event-store-conformance.ts';

const PAYLOADS: { readonly [what: string]: string } = {
  'odd spacing': ' {\t"what" :  "it" ,\n"more":[ 1 , 2]\r\n} ',
  'unicode of every length': JSON.stringify({ what: 'é ß € 漢字 🙂 👨‍👩‍👧 שלום \u2028 \ufeff' }),
  'both forms of one letter': JSON.stringify({ nfc: '\u00e9', nfd: 'e\u0301' }),
  'escapes as written': '{"what":"\\u00e9\\/\\n\\"\\\\"}',
  'numbers as written': '{"a":1.0,"b":1e2,"c":-0,"d":12345678901234567890,"e":0.1000}',
  'keys in their order, and twice': '{"z":1,"a":2,"z":3}',
  'names that databases and JavaScript know': '{"__proto__":1,"constructor":"\'; drop table events; --","$1":null}',
  'a hundred levels': `${'['.repeat(100)}${']'.repeat(100)}`,
  'a bare value': '"it"',
  '256 KiB': `{"what":"${'€'.repeat(87_377)}"}`.padEnd(262_144 - 2 * 87_377),
};
const METADATA: { readonly [what: string]: Metadata } = {
  'the least there is': { correlationId: 'c' },
  'all there is': {
    correlationId: uuidV7(),
    causationId: 'caused by "this" 🙂',
    tenant: 'a tenant',
    actor: "user:o'hara",
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    effectiveAt: new Date('2026-02-28T23:59:59.999Z'),
    headers: { 'x-b': '2', 'x-a': '{"json":true}', 'X-Unicode': 'ü🙂' },
  },
  'no headers in its headers': { correlationId: 'c', headers: {} },
};

/** What goes in comes out. */
export const roundTripCases = (open: OpenStore): readonly ConformanceCase[] => [
  ...Object.entries(PAYLOADS).map(([what, payload]) => ({
    title: `a payload comes back byte by byte: ${what}`,
    run: async () => assert.equal((await recorded(open, { payload })).payload, payload),
  })),
  ...Object.entries(METADATA).map(([what, metadata]) => ({
    title: `metadata come back as they went in: ${what}`,
    run: async () => assert.deepEqual((await recorded(open, { metadata })).metadata, metadata),
  })),
  {
    title: 'a stored event says where it stands, what it is, when it was recorded and how it is routed',
    run: async () => {
      const store = await open();
      const stream = newStream('conformance.thing', 'a tenant');
      const event = newEvent();
      await store.append([{ stream, expect: 'absent', events: [event] }]);
      const [stored] = await readStream(store, stream);
      assert.ok(stored);
      const { position, recordedAt, ...rest } = stored;
      assert.deepEqual(rest, {
        id: event.id,
        type: thingHappened.type,
        version: thingHappened.version,
        tenant: 'a tenant',
        stream: stream.id,
        category: stream.category,
        key: stream.key,
        streamVersion: 1n,
        metadata: event.metadata,
        payload: event.payload,
        schema: thingHappened,
        topic: conformanceTopic(stream.category),
        hash: partitionHash(kafkaKey('a tenant', stream.id)),
      });
      assert.equal(typeof position, 'bigint');
      assert.ok(
        recordedAt instanceof Date && !Number.isNaN(recordedAt.getTime()),
        `recordedAt is ${String(recordedAt)}`,
      );
    },
  },
  {
    title: 'what a reader does to an event reaches no other reader',
    run: async () => {
      const store = await open();
      const stream = newStream();
      const event = newEvent({ metadata: { correlationId: 'c', effectiveAt: new Date(0), headers: { a: '1' } } });
      await store.append([{ stream, expect: 'absent', events: [event] }]);
      const [first] = await readStream(store, stream);
      const before = first?.recordedAt.getTime();
      first?.recordedAt.setTime(1);
      first?.metadata.effectiveAt?.setTime(1);
      event.metadata.effectiveAt?.setTime(2);
      const [second] = await readStream(store, stream);
      assert.deepEqual([second?.recordedAt.getTime(), second?.metadata.effectiveAt?.getTime()], [before, 0]);
    },
  },
  {
    title: 'the topic follows the category; private events have none',
    run: async () => {
      for (const category of ['conformance.thing', 'conformance.other', 'conformance.unpublished']) {
        const topic = conformanceTopic(category);
        assert.equal((await recorded(open, {}, category)).topic, topic, `of ${category}`);
        assert.equal((await recorded(open, { private: true }, category)).topic, null, `private, of ${category}`);
      }
    },
  },
  {
    title: 'the hash is that of the Kafka key: the stream id, after its tenant when it has one',
    run: async () => {
      const store = await open();
      for (const tenant of ['', 'a tenant', 'ü']) {
        const stream = newStream('conformance.thing', tenant);
        await store.append([{ stream, expect: 'absent', events: [newEvent()] }]);
        const [stored] = await readStream(store, stream);
        assert.equal(stored?.hash, partitionHash(kafkaKey(tenant, stream.id)));
      }
    },
  },
];

async function recorded(open: OpenStore, differently: Partial<EncodedEvent>, category?: string): Promise<StoredEvent> {
  const store = await open();
  const stream = newStream(category);
  await store.append([{ stream, expect: 'absent', events: [newEvent(differently)] }]);
  const [stored] = await readStream(store, stream);
  assert.ok(stored);
  return stored;
}
