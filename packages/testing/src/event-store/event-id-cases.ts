import assert from 'node:assert/strict';
import { uuidV7 } from '@leftfold/core';
import type { AppendOutcome, EventStore, Expectation, StreamAppend, StreamVersion } from '@leftfold/core';
import type { ConformanceCase } from '../conformance-case.ts';
import { tally } from './concurrency-cases.ts';
import { newEvent, newEvents, newStream, readIds } from './encoded-events.ts';
import type { OpenStore } from './event-store-conformance.ts';

const version = (number: number): StreamVersion => BigInt(number) as StreamVersion;
const one = (expect: Expectation, count = 2): StreamAppend => ({
  stream: newStream(),
  expect,
  events: newEvents(count),
});

/** An append is idempotent by the ids of its events. */
export const eventIdCases = (open: OpenStore): readonly ConformanceCase[] => [
  ...([0, 3] as const).flatMap((before) =>
    (['exact', ...(before === 0 ? (['absent'] as const) : (['present'] as const)), 'any'] as const).map((mode) => ({
      title: `the same call again is appended already, ${mode} at version ${before}: with the first versions and token, and nothing is written`,
      run: async () => {
        const store = await open();
        const call = one(mode === 'exact' ? version(before) : mode);
        if (before > 0) await store.append([{ ...call, expect: 'absent', events: newEvents(before) }]);
        const first = await appended(store, [call]);
        assert.equal(first.already, false);
        await sameAgain(store, [call], first);
        await store.append([{ ...call, expect: 'any', events: newEvents(2) }]);
        await sameAgain(store, [call], first);
        assert.equal((await readIds(store, call.stream)).length, before + 4);
      },
    })),
  ),
  {
    title: 'the same call over several streams is appended already, in whatever order it names them',
    run: async () => {
      const store = await open();
      const [a, b] = [one('absent'), one('any', 3)];
      const idle = { stream: newStream(), expect: version(7), events: [] };
      const first = await appended(store, [a, idle, b]);
      await sameAgain(store, [a, idle, b], first);
      const turned = await appended(store, [b, a, idle]);
      assert.deepEqual([turned.already, turned.versions], [true, [3n, 2n, 7n]]);
    },
  },
  {
    title: 'the same call is appended already also when its key or its reply is new: neither is stored',
    run: async () => {
      const store = await open();
      const call = one('absent');
      const first = await appended(store, [call]);
      const reply = { tenant: '', key: uuidV7(), requestHash: 'h', reply: '1', keepMs: 60_000 };
      const key = ['conformance', uuidV7()] as const;
      const keys = [{ stream: call.stream, change: 'reserve' as const, key }];
      assert.deepEqual(await store.append([call], { reply, keys }), { ...first, already: true });
      assert.equal(await store.reply(reply), undefined);
      const other = newStream();
      const taken = await store.append([], { keys: [{ stream: other, change: 'reserve', key }] });
      assert.equal(taken.kind, 'appended', 'the key is free');
    },
  },
  {
    title: 'the same events at another expected version are LF_EVENT_ID_REUSED, whichever',
    run: async () => {
      const store = await open();
      const call = one(version(1));
      await store.append([{ ...call, expect: 'absent', events: newEvents(1) }]);
      await store.append([call]);
      for (const expect of [version(0), version(2), version(3), 'absent'] as const) {
        await refuses(store, [{ ...call, expect }]);
      }
    },
  },
  {
    title: 'only some of the events, more than them, in another order or in another stream are LF_EVENT_ID_REUSED',
    run: async () => {
      const store = await open();
      for (const expect of ['any', 'absent', version(0)] as const) {
        const call = one(expect, 3);
        await store.append([call]);
        const [a, b, c] = call.events;
        assert.ok(a && b && c);
        for (const events of [
          [a, b, c, newEvent()],
          [newEvent(), a],
          [b, a, c],
          [a, c],
        ]) {
          await refuses(store, [{ ...call, events }]);
        }
        await refuses(store, [{ ...call, stream: newStream() }]);
        await refuses(store, [call, one('any')]);
        await refuses(store, [one('any'), call]);
      }
    },
  },
  {
    title: 'the beginning of what an append wrote is appended already, up to where that part ends',
    run: async () => {
      const store = await open();
      const call = one('absent', 3);
      await store.append([call]);
      const part = await appended(store, [{ ...call, events: call.events.slice(0, 2) }]);
      assert.deepEqual([part.already, part.versions], [true, [2n]]);
    },
  },
  ...(['absent', 'any'] as const).map((expect) => ({
    title: `of 20 concurrent sendings of one call, expecting '${expect}', one writes; all are appended with its versions and token`,
    run: async () => {
      const store = await open();
      const call = one(expect);
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => appended(store, [call])));
      assert.deepEqual(tally(outcomes), { appended: 20 });
      assert.equal(outcomes.filter(({ already }) => !already).length, 1);
      const [first] = outcomes;
      for (const outcome of outcomes) assert.deepEqual({ ...outcome, already: true }, { ...first, already: true });
      assert.equal((await readIds(store, call.stream)).length, 2);
    },
  })),
];

type Appended = AppendOutcome & { readonly kind: 'appended' };

async function appended(store: EventStore, appends: readonly StreamAppend[]): Promise<Appended> {
  const outcome = await store.append(appends);
  assert.ok(outcome.kind === 'appended', `it is ${outcome.kind}`);
  return outcome;
}

async function sameAgain(store: EventStore, appends: readonly StreamAppend[], first: Appended): Promise<void> {
  assert.deepEqual(await appended(store, appends), { ...first, already: true });
}

async function refuses(store: EventStore, appends: readonly StreamAppend[]): Promise<void> {
  const before = await Promise.all(appends.map(({ stream }) => readIds(store, stream)));
  await assert.rejects(store.append(appends), { code: 'LF_EVENT_ID_REUSED', retryable: false });
  assert.deepEqual(await Promise.all(appends.map(({ stream }) => readIds(store, stream))), before);
}
