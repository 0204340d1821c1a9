import assert from 'node:assert/strict';
import { uuidV7 } from '@leftfold/core';
import type { EventId, Snapshots, StateSnapshot, StreamRef, StreamVersion } from '@leftfold/core';
import type { ConformanceCase } from '../conformance-case.ts';
import { newEvents, newStream, readIds } from './encoded-events.ts';
import type { OpenStore, RunTransaction } from './event-store-conformance.ts';

const KEY = 'a1b2c3';
const newSnapshot = (version: bigint, differently: Partial<StateSnapshot> = {}): StateSnapshot => ({
  version: version as StreamVersion,
  lastEvent: uuidV7() as EventId,
  state: `{"folded":"${version}"}`,
  ...differently,
});

/** Folded states beside their streams. */
export const snapshotCases = (open: OpenStore): readonly ConformanceCase[] => {
  const opened = async (): Promise<Snapshots> => {
    const { snapshots } = await open();
    assert.ok(snapshots, 'the store keeps snapshots; one that does not declares it');
    return snapshots;
  };
  return [
    {
      title: 'a snapshot is found as it was saved, whatever its text, and beside a stream that is not there',
      run: async () => {
        const snapshots = await opened();
        for (const state of ['null', ' {"b": "€🙂\\\\",  "a":[1.50]}\n', JSON.stringify('x'.repeat(1_000_000))]) {
          const [stream, snapshot] = [newStream(), newSnapshot(2n ** 62n, { state })];
          await snapshots.save(stream, KEY, snapshot);
          assert.deepEqual({ ...(await snapshots.find(stream, KEY)) }, snapshot);
        }
      },
    },
    {
      title: 'where none was saved, none is found',
      run: async () => assert.equal(await (await opened()).find(newStream(), KEY), undefined),
    },
    {
      title: 'a later snapshot takes the place of an earlier one, an earlier one never that of a later',
      run: async () => {
        const snapshots = await opened();
        const stream = newStream();
        for (const version of [5n, 7n, 6n, 1n]) await snapshots.save(stream, KEY, newSnapshot(version));
        assert.equal((await snapshots.find(stream, KEY))?.version, 7n);
      },
    },
    {
      title: 'of two snapshots at one version the one saved last is found: a restored log has another event there',
      run: async () => {
        const snapshots = await opened();
        const [stream, second] = [newStream(), newSnapshot(5n)];
        await snapshots.save(stream, KEY, newSnapshot(5n));
        await snapshots.save(stream, KEY, second);
        assert.deepEqual({ ...(await snapshots.find(stream, KEY)) }, second);
      },
    },
    {
      title: 'of 50 snapshots saved at once the latest is found',
      run: async () => {
        const snapshots = await opened();
        const stream = newStream();
        await Promise.all(
          Array.from({ length: 50 }, (_, n) => snapshots.save(stream, KEY, newSnapshot(BigInt((n * 7) % 50) + 1n))),
        );
        assert.equal((await snapshots.find(stream, KEY))?.version, 50n);
      },
    },
    {
      title: 'L13 another stream, another tenant and another key have snapshots of their own',
      run: async () => {
        const snapshots = await opened();
        const stream = newStream('conformance.thing', 'north');
        const places: readonly (readonly [StreamRef, string])[] = [
          [stream, KEY],
          [{ ...stream, tenant: 'south' }, KEY],
          [{ ...stream, tenant: '' }, KEY],
          [newStream('conformance.thing', 'north'), KEY],
          [stream, `${KEY}x`],
        ];
        for (const [index, [of, key]] of places.entries()) {
          await snapshots.save(of, key, newSnapshot(BigInt(places.length - index)));
        }
        for (const [index, [of, key]] of places.entries()) {
          assert.equal((await snapshots.find(of, key))?.version, BigInt(places.length - index));
        }
      },
    },
    {
      title: 'a snapshot changes nothing about its stream, which need not hold what the snapshot says',
      run: async () => {
        const store = await open();
        const [stream, events] = [newStream(), newEvents(2)];
        await store.append([{ stream, expect: 'absent', events }]);
        await store.snapshots?.save(stream, KEY, newSnapshot(99n));
        const more = newEvents(1);
        const outcome = await store.append([{ stream, expect: 2n as StreamVersion, events: more }]);
        assert.equal(outcome.kind, 'appended');
        assert.deepEqual(
          await readIds(store, stream),
          [...events, ...more].map(({ id }) => id),
        );
      },
    },
    {
      title: 'an aborted search for a snapshot rejects with the signal’s reason',
      run: async () => {
        const snapshots = await opened();
        const reason = new Error('the client has gone');
        const signal = AbortSignal.abort(reason);
        await assert.rejects(snapshots.find(newStream(), KEY, { signal }), reason);
      },
    },
  ];
};

/** Inside a transaction of the caller's. */
export const snapshotTransactionCases = (inTransaction: RunTransaction): readonly ConformanceCase[] => [
  {
    title: 'inside a caller’s transaction there are no snapshots: what is rolled back must leave none',
    run: async () => inTransaction(async (store) => assert.equal(store.snapshots, undefined)),
  },
];
