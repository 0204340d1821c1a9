import assert from 'node:assert/strict';
import type { EventId, EventStore, ReadOptions, StreamRef, StreamVersion } from '@leftfold/core';
import type { ConformanceCase } from '../conformance-case.ts';
import { newEvents, newStream } from './encoded-events.ts';
import type { OpenStore } from './event-store-conformance.ts';

const COUNT = 1_203;
/** Around both ends of the stream, of its pages, and far out. */
const BOUNDS = [
  undefined,
  -1n,
  0n,
  1n,
  2n,
  499n,
  500n,
  501n,
  1_000n,
  1_202n,
  1_203n,
  1_204n,
  2n ** 63n - 1n,
  2n ** 70n,
];
const LIMITS = [undefined, 1, 2, 499, 500, 501, 1_203, 5_000];

/** Parts of a stream. */
export const rangeCases = (open: OpenStore): readonly ConformanceCase[] => [
  ...[false, true].map((backwards) => ({
    title: `L11 every part of a stream is read ${backwards ? 'backwards' : 'forwards'} in order, without gaps, and no more than that`,
    run: async () => {
      const { store, stream, ids } = await longStream(open);
      const all = ids.map((id, index) => ({ id, version: BigInt(index + 1) }));
      for (const [index, after] of BOUNDS.entries()) {
        for (const [other, upTo] of BOUNDS.entries()) {
          // Each pair of bounds once, and each limit with many of them.
          const limit = LIMITS[(index + 3 * other) % LIMITS.length];
          const within = all.filter(({ version }) => version > (after ?? 0n) && version <= (upTo ?? 2n ** 64n));
          const expected = (backwards ? within.toReversed() : within).slice(0, limit ?? COUNT);
          const options = readOptions({ after, upTo, limit, backwards });
          assert.deepEqual(
            await read(store, stream, options),
            expected,
            `after ${after} up to ${upTo}, limit ${limit}${backwards ? ', backwards' : ''}`,
          );
        }
      }
    },
  })),
  {
    title: 'backwards with a limit gives the last events of a stream, the newest first',
    run: async () => {
      const { store, stream, ids } = await longStream(open);
      const last = await read(store, stream, { backwards: true, limit: 3 });
      assert.deepEqual(
        last.map(({ id }) => id),
        ids.slice(-3).toReversed(),
      );
    },
  },
  {
    title: 'an absent stream yields no page in any part of it',
    run: async () => {
      const store = await open();
      for (const options of [
        { backwards: true },
        { after: 3n as StreamVersion },
        { limit: 1 },
        { upTo: 5n as StreamVersion },
      ]) {
        assert.deepEqual(await read(store, newStream(), options), []);
      }
    },
  },
  {
    title: 'no page is empty or larger than what is left of the limit',
    run: async () => {
      const { store, stream } = await longStream(open);
      for (const backwards of [false, true]) {
        let read = 0;
        for await (const page of store.read(stream, { limit: 700, backwards })) {
          assert.ok(page.length > 0, 'an empty page');
          read += page.length;
        }
        assert.equal(read, 700);
      }
    },
  },
  {
    title: 'a limit that is no whole number from 1, and a version that is no bigint, are LF_OPTION_OUT_OF_RANGE',
    run: async () => {
      const store = await open();
      const wrong = [
        ...[0, -1, 1.5, Number.NaN, 2 ** 60].map((limit) => ({ limit })),
        { limit: '3' },
        { after: 3 },
        { upTo: '3' },
      ] as readonly object[];
      for (const options of wrong) {
        const refused = { code: 'LF_OPTION_OUT_OF_RANGE', retryable: false };
        await assert.rejects(read(store, newStream(), options), refused, JSON.stringify(options));
      }
    },
  },
];

interface Found {
  readonly id: EventId;
  readonly version: bigint;
}

async function read(store: EventStore, stream: StreamRef, options: ReadOptions): Promise<readonly Found[]> {
  const found: Found[] = [];
  for await (const page of store.read(stream, options)) {
    found.push(...page.map(({ id, streamVersion }) => ({ id, version: streamVersion })));
  }
  return found;
}

function readOptions(given: {
  readonly [option in keyof ReadOptions]: ReadOptions[option] | bigint | undefined;
}): ReadOptions {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as ReadOptions;
}

/** One per store would do; a case may not rest on another one, though. */
async function longStream(open: OpenStore) {
  const store = await open();
  const stream = newStream();
  const events = newEvents(COUNT);
  for (let from = 0; from < COUNT; from += 401) {
    await store.append([{ stream, expect: 'any', events: events.slice(from, from + 401) }]);
  }
  return { store, stream, ids: events.map(({ id }) => id) };
}
