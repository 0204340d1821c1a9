import assert from 'node:assert/strict';
import { streamRef, uuidV7 } from '@leftfold/core';
import type { AppendOutcome, StreamAppend } from '@leftfold/core';
import type { ConformanceCase } from '../conformance-case.ts';
import { newEvent, newEvents, newStream, readIds, readStream, thingHappened } from './encoded-events.ts';
import type { OpenStore } from './event-store-conformance.ts';

/** What must be one of a kind: event ids, categories, tenants, schemas. */
export const identityCases = (open: OpenStore): readonly ConformanceCase[] => [
  {
    title: 'an event id of the same stream is LF_EVENT_ID_REUSED, and nothing of the call is written',
    run: async () => {
      const stream = newStream();
      const event = newEvent();
      await refusesReuse(
        open,
        [{ stream, expect: 'any', events: [event] }],
        [{ stream, expect: 'any', events: [newEvent(), event] }],
      );
    },
  },
  {
    title: 'an event id of another stream is LF_EVENT_ID_REUSED, and nothing of the call is written',
    run: async () => {
      const event = newEvent();
      await refusesReuse(
        open,
        [{ stream: newStream(), expect: 'any', events: [event] }],
        [
          { stream: newStream(), expect: 'any', events: newEvents(1) },
          { stream: newStream(), expect: 'absent', events: [newEvent(), { ...event, payload: '{"what":"else"}' }] },
        ],
      );
    },
  },
  {
    title: 'an event id that occurs twice in one call is LF_EVENT_ID_REUSED, in one stream and over two',
    run: async () => {
      const event = newEvent();
      const [a, b] = [newStream(), newStream()];
      await refusesReuse(open, [], [{ stream: a, expect: 'any', events: [event, event] }]);
      await refusesReuse(
        open,
        [],
        [a, b].map((stream) => ({ stream, expect: 'any' as const, events: [event] })),
      );
    },
  },
  {
    title: 'of 20 concurrent appends with one event id, each to a stream of its own, exactly one is written',
    run: async () => {
      const store = await open();
      const event = newEvent();
      const streams = Array.from({ length: 20 }, () => newStream());
      const outcomes = await Promise.all(
        streams.map((stream) => kindOf(store.append([{ stream, expect: 'absent', events: [newEvent(), event] }]))),
      );
      assert.deepEqual(outcomes.toSorted(), ['appended', ...Array<string>(19).fill('LF_EVENT_ID_REUSED')].toSorted());
      const lengths = await Promise.all(streams.map(async (stream) => (await readIds(store, stream)).length));
      assert.deepEqual(
        lengths,
        outcomes.map((kind) => (kind === 'appended' ? 2 : 0)),
      );
    },
  },
  {
    title: 'a category that makes the id of another category’s stream is LF_STREAM_CATEGORY, and nothing is written',
    run: async () => {
      const store = await open();
      const key = uuidV7();
      const [first, second] = [streamRef('conformance', `a-${key}`), streamRef('conformance-a', key)];
      assert.equal(first.id, second.id);
      const events = newEvents(2);
      await store.append([{ stream: first, expect: 'absent', events }]);
      const other = newStream();
      for (const expect of ['any', 'present'] as const) {
        const appends = [
          { stream: other, expect: 'any' as const, events: newEvents(1) },
          { stream: second, expect, events: newEvents(1) },
        ];
        await assert.rejects(store.append(appends), { code: 'LF_STREAM_CATEGORY', retryable: false });
      }
      assert.deepEqual(
        await readIds(store, first),
        events.map(({ id }) => id),
      );
      assert.deepEqual(await readIds(store, other), []);
      await assert.rejects(
        readIds(store, second),
        { code: 'LF_STREAM_CATEGORY' },
        'nor does it read the other’s events',
      );
      const outcome = await store.append([{ stream: first, expect: 'present', events: newEvents(1) }]);
      assert.equal(outcome.kind, 'appended', 'its own category goes on');
    },
  },
  {
    title: 'of concurrent first appends that make one stream id of two categories, one category wins whole',
    run: async () => {
      const store = await open();
      const key = uuidV7();
      const streams = [streamRef('conformance', `a-${key}`), streamRef('conformance-a', key)];
      const appends = Array.from({ length: 20 }, (_, index) => streams[index % 2] ?? newStream());
      const outcomes = await Promise.all(
        appends.map((stream) => kindOf(store.append([{ stream, expect: 'any', events: newEvents(1) }]))),
      );
      const winner = appends[outcomes.indexOf('appended')]?.category;
      assert.deepEqual(
        outcomes,
        appends.map(({ category }) => (category === winner ? 'appended' : 'LF_STREAM_CATEGORY')),
      );
      const stored = await readStream(store, appends[outcomes.indexOf('appended')] ?? newStream());
      assert.deepEqual(
        stored.map(({ category }) => category),
        Array(10).fill(winner),
      );
    },
  },
  {
    title: 'L13 tenants with equal stream ids, event ids and reply keys are apart from each other',
    run: async () => {
      const store = await open();
      const key = uuidV7();
      const event = newEvent();
      const reply = { key, requestHash: 'h', keepMs: 60_000 };
      for (const tenant of ['', 'a', 'b']) {
        const stream = streamRef('conformance.thing', key, tenant);
        const own = { ...event, payload: JSON.stringify({ what: tenant }) };
        const outcome = await store.append([{ stream, expect: 'absent', events: [own] }], {
          reply: { ...reply, tenant, reply: JSON.stringify(tenant) },
        });
        assert.equal(outcome.kind, 'appended', `tenant '${tenant}'`);
      }
      for (const tenant of ['', 'a', 'b']) {
        const events = await readStream(store, streamRef('conformance.thing', key, tenant));
        assert.deepEqual(
          events.map((read) => [read.id, read.tenant, read.payload]),
          [[event.id, tenant, JSON.stringify({ what: tenant })]],
        );
        assert.equal((await store.reply({ tenant, key }))?.reply, JSON.stringify(tenant));
      }
      assert.equal(await store.reply({ tenant: 'c', key }), undefined);
      assert.deepEqual(await readIds(store, streamRef('conformance.thing', key, 'c')), []);
    },
  },
  {
    title: 'an event names the schema it was written with; events of one text share it, whoever wrote them',
    run: async () => {
      const store = await open();
      const schema = { ...thingHappened, type: `conformance.${uuidV7()}` };
      const variants = [
        schema,
        structuredClone(schema),
        { ...schema, version: 2, fingerprint: 'v2' },
        { ...schema, fingerprint: 'other', avro: { type: 'record', name: 'Other', fields: [] } },
        { ...schema, type: `${schema.type}.other` },
      ];
      const schemas = [];
      for (const variant of variants) {
        const stream = newStream();
        await store.append([{ stream, expect: 'absent', events: [newEvent({ schema: variant })] }]);
        const [stored] = await readStream(store, stream);
        assert.ok(stored);
        assert.deepEqual([stored.type, stored.version], [variant.type, variant.version]);
        assert.deepEqual(stored.schema, variant);
        schemas.push(stored.schema);
      }
      assert.equal(schemas[0], schemas[1], 'the same text');
      assert.equal(new Set(schemas).size, 4);
    },
  },
  {
    title: 'a schema that many write for the first time at once is kept once',
    run: async () => {
      const store = await open();
      const schema = { ...thingHappened, type: `conformance.${uuidV7()}` };
      const streams = Array.from({ length: 20 }, () => newStream());
      await Promise.all(
        streams.map((stream) =>
          store.append([{ stream, expect: 'absent', events: [newEvent({ schema: structuredClone(schema) })] }]),
        ),
      );
      const read = await Promise.all(streams.map((stream) => readStream(store, stream)));
      assert.equal(new Set(read.flat().map(({ schema }) => schema)).size, 1);
    },
  },
];

/** The kind of an outcome, or the code of a fault. */
const kindOf = (outcome: Promise<AppendOutcome>): Promise<string> =>
  outcome.then(
    ({ kind }) => kind,
    (error: unknown) => String((error as { readonly code?: unknown }).code),
  );

async function refusesReuse(
  open: OpenStore,
  before: readonly StreamAppend[],
  appends: readonly StreamAppend[],
): Promise<void> {
  const store = await open();
  await store.append(before);
  const written = await Promise.all(appends.map(({ stream }) => readIds(store, stream)));
  const reply = { tenant: '', key: uuidV7(), requestHash: 'h', reply: '1', keepMs: 60_000 };
  await assert.rejects(store.append(appends, { reply }), { code: 'LF_EVENT_ID_REUSED', retryable: false });
  assert.deepEqual(await Promise.all(appends.map(({ stream }) => readIds(store, stream))), written);
  assert.equal(await store.reply(reply), undefined, 'its reply');
  const other = { ...appends[0], stream: newStream(), expect: 'any' as const, events: newEvents(1) };
  assert.equal((await store.append([other], { reply })).kind, 'appended', 'the store goes on');
}
