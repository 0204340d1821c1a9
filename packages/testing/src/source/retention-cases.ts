import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance-case.ts';
import type { MakeCase, SourceCase } from './source-case.ts';
import { idsOfRun, laneOf, stampedRun } from './stamped-records.ts';

/** What happens when a topic no longer has what a reader needs (C11). */
export function retentionCases(make: MakeCase): readonly ConformanceCase[] {
  return [
    make('C11 retention has passed the saved place: the lane stops, and begins nowhere else', 3, async (given) => {
      const { topic, publish, read, until } = given;
      const partitions = [0, 1, 2];
      await publish(partitions.flatMap((partition) => stampedRun(topic, partition, 1, 100)));
      const first = read();
      await until(() => first.places.appliedCount >= 300);
      await first.stop();
      await publish(partitions.flatMap((partition) => stampedRun(topic, partition, 101, 200)));
      await deletes(given)(0, 150);
      await deletes(given)(1, 100);
      const second = read({ places: first.places });
      const [passed, atTheEdge, sound] = partitions.map((partition) => laneOf(topic, partition));
      assert.ok(passed !== undefined && atTheEdge !== undefined && sound !== undefined);
      await until(() => second.codeOf(passed) !== undefined && first.places.appliedCount >= 500);
      assert.deepEqual([second.codeOf(passed), second.codeOf(atTheEdge)], ['LF_RETENTION_PASSED', undefined]);
      assert.deepEqual(first.places.applied(passed), idsOfRun(0, 1, 100));
      assert.deepEqual(first.places.applied(atTheEdge), idsOfRun(1, 1, 200));
      assert.deepEqual(first.places.applied(sound), idsOfRun(2, 1, 200));
    }),
    make(
      'C11 a reader without a place stops where the beginning is gone, also where nothing is left',
      2,
      async (given) => {
        const { topic, publish, read, until } = given;
        await publish([0, 1].flatMap((partition) => stampedRun(topic, partition, 1, 20)));
        await deletes(given)(0, 10);
        await deletes(given)(1, 20);
        const reader = read();
        const lanes = [laneOf(topic, 0), laneOf(topic, 1)];
        await until(() => lanes.every((lane) => reader.codeOf(lane) !== undefined));
        assert.deepEqual(
          lanes.map((lane) => reader.codeOf(lane)),
          ['LF_RETENTION_PASSED', 'LF_RETENTION_PASSED'],
        );
        assert.deepEqual(reader.batches, []);
      },
    ),
    make('C11 retention passes a reader at work: the lane stops, nothing is skipped', 1, async (given) => {
      const { topic, publish, read, until } = given;
      const lane = laneOf(topic, 0);
      const release = Promise.withResolvers<void>();
      const reader = read({ onBatch: () => release.promise });
      // More than may be fetched ahead.
      const note = 'long '.repeat(8_000);
      for (let from = 1; from <= 100; from += 20) await publish(stampedRun(topic, 0, from, from + 19, { note }));
      await until(() => reader.batches.length === 1);
      await deletes(given)(0, 99);
      release.resolve();
      await until(() => reader.codeOf(lane) !== undefined);
      assert.equal(reader.codeOf(lane), 'LF_RETENTION_PASSED');
      const applied = reader.places.applied(lane);
      assert.ok(applied.length < 99);
      assert.deepEqual(applied, idsOfRun(0, 1, applied.length));
    }),
  ];
}

function deletes({ deleteBelow }: SourceCase): (partition: number, offset: number) => Promise<void> {
  assert.ok(deleteBelow, 'the harness declares retention, but has no deleteBelow');
  return deleteBelow;
}
