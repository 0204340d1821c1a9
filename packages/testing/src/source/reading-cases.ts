import assert from 'node:assert/strict';
import { setImmediate, setTimeout as pause } from 'node:timers/promises';
import { jsonCodec } from '@leftfold/subscriptions';
import type { Batch, Codec, Lane } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { SharedPlaces } from './case-reader.ts';
import type { MakeCase } from './source-case.ts';
import { idsOfRun, laneOf, noted, stampedRun } from './stamped-records.ts';

/** What one reader gets. */
export function readingCases(make: MakeCase): readonly ConformanceCase[] {
  return [
    make('every record comes once, of each partition in its order, and the batches join', 2, async (given) => {
      const { topic, publish, read, until } = given;
      const lanes = [0, 1].map((partition) => laneOf(topic, partition));
      await publish([0, 1].flatMap((partition) => stampedRun(topic, partition, 1, 50)));
      const reader = read();
      for (let from = 51; from <= 300; from += 50)
        await publish([0, 1].flatMap((partition) => stampedRun(topic, partition, from, from + 49)));
      await until(() => reader.places.appliedCount >= 600);
      for (const [partition, lane] of lanes.entries()) {
        assert.deepEqual(reader.places.applied(lane), idsOfRun(partition, 1, 300));
        assertJoined(reader.batches, lane);
      }
      const [first] = reader.batches.flatMap(({ records }) => records);
      assert.deepEqual(first?.decode(noted), { note: 'note 1' });
      assert.deepEqual(reader.faults, []);
    }),
    make('R3 what was sent twice comes once, also when its reader has begun anew in between', 1, async (given) => {
      const { topic, publish, read, until } = given;
      const lane = laneOf(topic, 0);
      await publish([...stampedRun(topic, 0, 1, 20), ...stampedRun(topic, 0, 5, 20)]);
      const first = read();
      await until(() => first.places.applied(lane).length >= 20);
      await first.stop();
      await publish([...stampedRun(topic, 0, 1, 20), ...stampedRun(topic, 0, 15, 30)]);
      const second = read({ places: first.places });
      await until(() => first.places.applied(lane).length >= 30);
      await publish([...stampedRun(topic, 0, 25, 31)]);
      await until(() => first.places.applied(lane).length >= 31);
      assert.deepEqual(first.places.applied(lane), idsOfRun(0, 1, 31));
      assertJoined([...first.batches, ...second.batches], lane);
    }),
    make('reading on from the `to` of any batch, or its `at`, gives exactly what stands there', 1, async (given) => {
      const { topic, publish, read, until, source } = given;
      const lane = laneOf(topic, 0);
      const reader = read();
      for (let from = 1; from <= 40; from += 10) {
        await publish(stampedRun(topic, 0, from, from + 9));
        await until(() => reader.places.applied(lane).length >= from + 9);
      }
      await reader.stop();
      const head = await source().head();
      let before = 0;
      for (const { at, to, records } of reader.batches) {
        for (const [place, already] of [
          [at, before],
          [to, before + records.length],
        ] as const) {
          const places = new SharedPlaces();
          places.set(lane, place);
          const again = read({ places, until: head, name: 'again' });
          await again.ended();
          assert.deepEqual(places.applied(lane), idsOfRun(0, already + 1, 40));
          assert.deepEqual(again.batches[0]?.from ?? to, place);
        }
        before += records.length;
      }
    }),
    make(
      'C4 reading on from the place after any record of a batch gives exactly what came after it',
      1,
      async (given) => {
        const { topic, publish, read, until, source } = given;
        const lane = laneOf(topic, 0);
        // A re-send in between is no record of any batch.
        await publish([...stampedRun(topic, 0, 1, 9), ...stampedRun(topic, 0, 4, 12)]);
        const reader = read();
        await until(() => reader.places.applied(lane).length >= 12);
        await reader.stop();
        await publish([...stampedRun(topic, 0, 7, 15)]);
        const head = await source().head();
        let before = 0;
        for (const batch of reader.batches) {
          for (let count = 1; count < batch.records.length; count++) {
            const place = batch.after?.(count);
            assert.ok(place !== undefined && place !== batch.to, `a place after ${count} records`);
            const places = new SharedPlaces();
            places.set(lane, place);
            const rest = read({ places, until: head, name: 'rest' });
            await rest.ended();
            assert.deepEqual(places.applied(lane), idsOfRun(0, before + count + 1, 15));
            assert.equal(rest.batches[0]?.from, place);
            assert.ok(!source().hasPassed(place, batch.to) && source().hasPassed(batch.to, place));
          }
          before += batch.records.length;
        }
      },
    ),
    make(
      'C2 nothing before the saved place is handed over, however long its reader takes to tell it',
      3,
      async (given) => {
        const { topic, publish, read, until } = given;
        const partitions = [0, 1, 2];
        await publish(partitions.flatMap((partition) => stampedRun(topic, partition, 1, 200)));
        const first = read();
        await until(() => first.places.appliedCount >= 600);
        await first.stop();
        await publish(partitions.flatMap((partition) => stampedRun(topic, partition, 201, 300)));
        const second = read({ places: first.places, onFrom: async () => pause(300) });
        await until(() => first.places.appliedCount >= 900);
        assert.equal(second.refused, 0);
        for (const partition of partitions)
          assert.deepEqual(
            second.batches
              .filter(({ lane }) => lane === laneOf(topic, partition))
              .flatMap(({ records }) => records.map(({ id }) => id)),
            idsOfRun(partition, 201, 300),
          );
      },
    ),
    make('whoever has passed a head has everything that stood there before it was asked for', 2, async (given) => {
      const { topic, publish, read, until, source } = given;
      const of = source();
      // A broker may make its topics when they are first written to.
      await publish(stampedRun(topic, 0, 1, 5));
      const head = await of.head();
      assert.deepEqual([...head.keys()].sort(), [laneOf(topic, 0), laneOf(topic, 1)]);
      const [filled, empty] = [0, 1].map((partition) => head.get(laneOf(topic, partition)));
      assert.ok(filled !== undefined && empty !== undefined);
      assert.deepEqual([of.hasPassed('start', filled), of.hasPassed('start', empty)], [false, true]);
      const reader = read();
      const lane = laneOf(topic, 0);
      await until(() => of.hasPassed(reader.places.cursor(lane), filled));
      assert.deepEqual(reader.places.applied(lane), idsOfRun(0, 1, 5));
      await publish(stampedRun(topic, 0, 6, 6));
      const later = (await of.head()).get(lane);
      assert.ok(later !== undefined);
      assert.ok(reader.batches.every(({ at }) => !of.hasPassed(at, later)));
    }),
    make(
      'A7 a record whose schema is not known yet is waited for, visibly; what stands before it comes first, and nothing is skipped or doubled',
      2,
      async (given) => {
        const { topic, publish, read, until } = given;
        late.known = 3;
        await publish([...stampedRun(topic, 0, 1, 10), ...stampedRun(topic, 1, 1, 3)]);
        const reader = read();
        const [waiting, sound] = [laneOf(topic, 0), laneOf(topic, 1)];
        await until(() => reader.faults.length >= 2 && reader.places.applied(sound).length === 3);
        assert.deepEqual(reader.places.applied(waiting), idsOfRun(0, 1, 3));
        assert.ok(
          reader.faults.every(
            ({ lane, code, isFinal }) => lane === waiting && code === 'LF_SCHEMA_UNREGISTERED' && !isFinal,
          ),
        );
        late.known = 10;
        await until(() => reader.places.applied(waiting).length >= 10);
        await setImmediate();
        assert.deepEqual(reader.places.applied(waiting), idsOfRun(0, 1, 10));
      },
      () => late.codec,
    ),
  ];
}

/** Each batch of a lane begins where the one before ended, the first at the start. */
export function assertJoined(batches: readonly Batch[], lane: Lane): void {
  const ofLane = batches.filter((batch) => batch.lane === lane);
  assert.deepEqual(
    ofLane.map(({ from }) => from),
    ['start', ...ofLane.slice(0, -1).map(({ to }) => to)],
  );
}

/** JSON whose schemas become known one after the other, by the numbers of the records. */
const late: { known: number; readonly codec: Codec } = {
  known: 0,
  codec: {
    ...jsonCodec(),
    prepare: async (needed) => {
      const ids = 'records' in needed ? needed.records.map(({ headers }) => headers['ce_id'] ?? '') : [];
      if (ids.some((id) => Number(id.split('-')[1]) > late.known))
        throw Object.assign(new Error('made up'), { code: 'LF_SCHEMA_UNREGISTERED', retryable: true });
    },
  },
};
