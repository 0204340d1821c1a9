import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Lane } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { SharedPlaces } from './case-reader.ts';
import type { MakeCase } from './source-case.ts';
import { idsOfRun, laneOf, stampedRun } from './stamped-records.ts';

/** Reading up to an end. */
export function boundedCases(make: MakeCase): readonly ConformanceCase[] {
  return [
    make(
      'a bounded reading ends by itself with exactly what stood there, though more is written meanwhile',
      3,
      async (given) => {
        const { topic, publish, read, source } = given;
        await publish([...stampedRun(topic, 0, 1, 120), ...stampedRun(topic, 1, 1, 7)]);
        const until = await source().head();
        let isWriting = true;
        const writing = (async () => {
          for (let from = 121; isWriting; from += 5)
            await publish([...stampedRun(topic, 0, from, from + 4), ...stampedRun(topic, 2, from - 120, from - 116)]);
        })();
        const reader = read({ until });
        await reader.ended();
        isWriting = false;
        await writing;
        const applied = [0, 1, 2].map((partition) => reader.places.applied(laneOf(topic, partition)));
        assert.deepEqual(applied, [idsOfRun(0, 1, 120), idsOfRun(1, 1, 7), []]);
        assert.ok([...until].every(([lane, end]) => source().hasPassed(reader.places.cursor(lane), end)));
        assert.deepEqual(reader.faults, []);
        // The places are like any others: reading goes on from them.
        const rest = read({ places: reader.places, until: await source().head() });
        await rest.ended();
        const [all] = [reader.places.applied(laneOf(topic, 0))];
        assert.deepEqual(all, idsOfRun(0, 1, all.length));
        assert.ok(all.length > 120);
      },
    ),
    make('a bounded reading begins at the reader’s place; lanes that are not named are not read', 2, async (given) => {
      const { topic, publish, read, until, source } = given;
      const [named, other] = [laneOf(topic, 0), laneOf(topic, 1)];
      await publish([0, 1].flatMap((partition) => stampedRun(topic, partition, 1, 10)));
      const first = read();
      await until(() => first.places.appliedCount >= 20);
      await first.stop();
      await publish([0, 1].flatMap((partition) => stampedRun(topic, partition, 11, 30)));
      const head = await source().head();
      const second = read({ places: first.places, until: new Map([...head].filter(([lane]) => lane === named)) });
      await second.ended();
      assert.deepEqual(first.places.applied(named), idsOfRun(0, 1, 30));
      assert.deepEqual(first.places.applied(other), idsOfRun(1, 1, 10));
      assert.deepEqual([...new Set(second.asked)], [named]);
    }),
    make('where its end has been passed already, or nothing stands there, it ends at once', 2, async (given) => {
      const { topic, publish, read, until, source } = given;
      await publish(stampedRun(topic, 0, 1, 10));
      const head = await source().head();
      const first = read();
      await until(() => first.places.appliedCount >= 10);
      await first.stop();
      const again = read({ places: first.places, until: head });
      await again.ended();
      assert.deepEqual(again.batches, []);
      const none = read({ until: new Map() });
      await none.ended();
      assert.deepEqual(none.asked, []);
    }),
    make('a bounded reading takes nothing from a reader of the same name', 2, async (given) => {
      const { topic, publish, read, until, source } = given;
      const lanes: readonly Lane[] = [laneOf(topic, 0), laneOf(topic, 1)];
      await publish([0, 1].flatMap((partition) => stampedRun(topic, partition, 1, 20)));
      const reader = read();
      await until(() => reader.places.appliedCount >= 40);
      const askedBefore = reader.asked.length;
      const replay = read({ places: new SharedPlaces(), until: await source().head() });
      await replay.ended();
      await publish([0, 1].flatMap((partition) => stampedRun(topic, partition, 21, 30)));
      await until(() => reader.places.appliedCount >= 60);
      assert.equal(reader.asked.length, askedBefore, 'no lane of the reader was given anew');
      for (const [partition, lane] of lanes.entries())
        assert.deepEqual(replay.places.applied(lane), idsOfRun(partition, 1, 20));
    }),
    make('aborting ends a bounded reading as it ends any', 1, async (given) => {
      const { topic, publish, read, until, source } = given;
      await publish(stampedRun(topic, 0, 1, 20));
      const reader = read({
        until: await source().head(),
        onBatch: (_batch, signal) =>
          new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
      });
      await until(() => reader.batches.length > 0);
      await reader.stop();
      assert.equal(reader.batches.length, 1);
    }),
    make('a lane that stops before its end keeps a bounded reading from ending, and tells why', 2, async (given) => {
      const { topic, publish, read, until, source } = given;
      await publish([...stampedRun(topic, 0, 1, 3), ...stampedRun(topic, 0, 5, 9), ...stampedRun(topic, 1, 1, 9)]);
      const reader = read({ until: await source().head() });
      await until(
        () => reader.codeOf(laneOf(topic, 0)) !== undefined && reader.places.applied(laneOf(topic, 1)).length >= 9,
      );
      // That nothing comes can only be seen by waiting.
      await pause(50);
      assert.deepEqual([reader.codeOf(laneOf(topic, 0)), reader.isOver], ['LF_GAP', false]);
      assert.deepEqual(reader.places.applied(laneOf(topic, 0)), idsOfRun(0, 1, 3));
      await reader.stop();
    }),
  ];
}
