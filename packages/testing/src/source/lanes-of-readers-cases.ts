import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { ConformanceCase } from '../conformance-case.ts';
import { SharedPlaces } from './case-reader.ts';
import { assertJoined } from './reading-cases.ts';
import type { MakeCase } from './source-case.ts';
import { idsOfRun, laneOf, stampedRun } from './stamped-records.ts';

/** Who has which lane, and what becomes of it. */
export function lanesOfReadersCases(make: MakeCase): readonly ConformanceCase[] {
  return [
    make('when a reader rejects a batch it is asked again for its place, and goes on from there', 1, async (given) => {
      const { topic, publish, read, until } = given;
      const lane = laneOf(topic, 0);
      const places = new SharedPlaces();
      let interruptions = 3;
      const reader = read({
        places,
        onBatch: async () => {
          // Somebody else claims the lane under its hands.
          if (interruptions-- > 0) places.claim(lane, 'somebody', false);
          places.release('somebody');
        },
      });
      for (let from = 1; from <= 50; from += 10) await publish(stampedRun(topic, 0, from, from + 9));
      await until(() => places.applied(lane).length >= 50);
      assert.deepEqual(places.applied(lane), idsOfRun(0, 1, 50));
      assert.equal(reader.refused, 3);
      assert.ok(reader.asked.length >= 4);
    }),
    make(
      'a pending batch holds its lane, the next comes when it is dealt with; other lanes go on',
      2,
      async (given) => {
        const { topic, publish, read, until } = given;
        const [held, free] = [laneOf(topic, 0), laneOf(topic, 1)];
        const release = Promise.withResolvers<void>();
        const pending = new Set<string>();
        let overlaps = 0;
        const reader = read({
          onBatch: async ({ lane }) => {
            overlaps += pending.has(lane) ? 1 : 0;
            pending.add(lane);
            if (lane === held) await release.promise;
            await setImmediate();
            pending.delete(lane);
          },
        });
        for (let from = 1; from <= 30; from += 10) {
          await publish([...stampedRun(topic, 0, from, from + 9), ...stampedRun(topic, 1, from, from + 9)]);
          await until(
            () => reader.places.applied(free).length >= from + 9 && reader.batches.some(({ lane }) => lane === held),
          );
        }
        assert.deepEqual(reader.places.applied(held), []);
        assert.equal(reader.batches.filter(({ lane }) => lane === held).length, 1);
        release.resolve();
        await until(() => reader.places.applied(held).length >= 30);
        assert.deepEqual(reader.places.applied(held), idsOfRun(0, 1, 30));
        assert.equal(overlaps, 0);
      },
    ),
    make(
      'aborting aborts the pending batch, run resolves when that has ended, and nothing more is read',
      1,
      async (given) => {
        const { topic, publish, read, until } = given;
        const told = Promise.withResolvers<void>();
        const release = Promise.withResolvers<void>();
        const reader = read({
          onBatch: async (_batch, signal) => {
            signal.addEventListener('abort', () => told.resolve(), { once: true });
            await release.promise;
          },
        });
        await publish(stampedRun(topic, 0, 1, 5));
        await until(() => reader.batches.length === 1);
        const stopped = reader.stop();
        await told.promise;
        await publish(stampedRun(topic, 0, 6, 10));
        assert.equal(reader.isOver, false);
        release.resolve();
        await stopped;
        assert.deepEqual([reader.batches.length, reader.faults.length], [1, 0]);
      },
    ),
    make('while the reader’s place is pending nothing is read, and aborting ends that, too', 1, async (given) => {
      const { topic, publish, read, until } = given;
      await publish(stampedRun(topic, 0, 1, 5));
      const reader = read({
        onFrom: (_lane, signal) =>
          new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
          ),
      });
      await until(() => reader.asked.length > 0);
      await reader.stop();
      assert.deepEqual(reader.batches, []);
    }),
    make('a run whose signal has aborted already resolves and reads nothing', 1, async (given) => {
      const { topic, publish, source } = given;
      await publish(stampedRun(topic, 0, 1, 5));
      let asked = 0;
      await source().run(
        { name: 'conformance', from: async () => ((asked += 1), 'start'), handle: async () => {}, faulted: () => {} },
        AbortSignal.abort(),
      );
      assert.equal(asked, 0);
    }),
    make(
      'C1 readers of one name come and go under load: every record is applied once, in its order',
      4,
      async (given) => {
        const { topic, publish, read, until } = given;
        const partitions = [0, 1, 2, 3];
        const places = new SharedPlaces();
        const join = () =>
          read({
            places,
            onBatch: async () => {
              await setImmediate();
            },
          });
        const publishRound = (from: number) =>
          publish(partitions.flatMap((partition) => stampedRun(topic, partition, from, from + 19)));
        await publishRound(1);
        const first = join();
        await until(() => places.appliedCount >= 80);
        const second = join();
        for (let from = 21; from <= 201; from += 20) await publishRound(from);
        await until(() => second.asked.length > 0);
        await first.stop();
        for (let from = 221; from <= 401; from += 20) await publishRound(from);
        const third = join();
        await until(() => places.appliedCount >= 4 * 420);
        for (const partition of partitions)
          assert.deepEqual(places.applied(laneOf(topic, partition)), idsOfRun(partition, 1, 420));
        assert.deepEqual(
          [first, second, third].flatMap(({ faults }) => faults.filter(({ isFinal }) => isFinal)),
          [],
        );
      },
    ),
    make(
      'C1 a reader whose lane another one has taken and moved is refused, and goes on from there',
      1,
      async (given) => {
        const { topic, publish, read, until } = given;
        const lane = laneOf(topic, 0);
        const places = new SharedPlaces();
        let isFirst = true;
        const zombie = read({
          places,
          onBatch: async (batch) => {
            if (!isFirst) return;
            isFirst = false;
            places.apply(places.claim(lane, 'heir', false), batch);
            places.release('heir');
          },
        });
        await publish(stampedRun(topic, 0, 1, 10));
        await until(() => places.applied(lane).length >= 10);
        await publish(stampedRun(topic, 0, 11, 20));
        await until(() => places.applied(lane).length >= 20);
        assert.deepEqual([places.applied(lane), zombie.refused], [idsOfRun(0, 1, 20), 1]);
      },
    ),
    make('readers of other names, as versions of a projection are, get everything each', 2, async (given) => {
      const { topic, publish, read, until } = given;
      const versions = ['orders-v1', 'orders-v2', 'orders-v3'].map((name) => read({ name }));
      await publish([0, 1].flatMap((partition) => stampedRun(topic, partition, 1, 20)));
      for (const { places, batches } of versions) {
        await until(() => places.appliedCount >= 40);
        for (const partition of [0, 1]) {
          assert.deepEqual(places.applied(laneOf(topic, partition)), idsOfRun(partition, 1, 20));
          assertJoined(batches, laneOf(topic, partition));
        }
      }
    }),
  ];
}
