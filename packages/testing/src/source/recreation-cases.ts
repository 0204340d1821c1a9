import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance-case.ts';
import type { MakeCase, SourceCase } from './source-case.ts';
import { idsOfRun, laneOf, stampedRun } from './stamped-records.ts';

/**
 * What happens when a topic is deleted and made anew (C11b).
 * @param isKnown whether the source knows it by its id; else by offsets and the relay's numbers
 */
export function recreationCases(make: MakeCase, isKnown: boolean): readonly ConformanceCase[] {
  const first = async (given: SourceCase) => {
    const { topic, publish, read, until } = given;
    await publish([0, 1].flatMap((partition) => stampedRun(topic, partition, 1, 100)));
    const reader = read();
    await until(() => reader.places.appliedCount >= 200);
    return reader;
  };
  /** Shorter than the place in one partition, grown past it in the other, by a relay that went on with its numbers. */
  const goOn = ({ topic, publish }: SourceCase): Promise<void> =>
    publish([...stampedRun(topic, 0, 101, 150), ...stampedRun(topic, 1, 101, 400)]);
  const lanesOf = ({ topic }: SourceCase) => [laneOf(topic, 0), laneOf(topic, 1)] as const;
  return [
    make('C11b a topic made anew stops who comes back to it, shorter or grown past the place', 2, async (given) => {
      const before = await first(given);
      await before.stop();
      await recreates(given)();
      await goOn(given);
      const reader = given.read({ places: before.places });
      const [shorter, grown] = lanesOf(given);
      await given.until(() => reader.codeOf(shorter) !== undefined && reader.codeOf(grown) !== undefined);
      assert.deepEqual(
        [reader.codeOf(shorter), reader.codeOf(grown)],
        ['LF_TOPIC_RECREATED', isKnown ? 'LF_TOPIC_RECREATED' : 'LF_GAP'],
      );
      assert.deepEqual(before.places.applied(grown), idsOfRun(1, 1, 100));
    }),
    make('C11b a topic made anew stops who is reading it', 2, async (given) => {
      const reader = await first(given);
      await recreates(given)();
      await goOn(given);
      const [shorter, grown] = lanesOf(given);
      await given.until(() => reader.codeOf(shorter) !== undefined && reader.codeOf(grown) !== undefined);
      assert.equal(reader.codeOf(shorter), 'LF_TOPIC_RECREATED');
      assert.ok(['LF_TOPIC_RECREATED', 'LF_GAP'].includes(String(reader.codeOf(grown))));
      assert.deepEqual(reader.places.applied(shorter), idsOfRun(0, 1, 100));
      assert.deepEqual(reader.places.applied(grown), idsOfRun(1, 1, 100));
    }),
    ...(isKnown
      ? [
          make('C11b a topic made anew is known though its records join what was read', 1, async (given) => {
            const { topic, publish, read, until } = given;
            await publish(stampedRun(topic, 0, 1, 20));
            const before = read();
            await until(() => before.places.appliedCount >= 20);
            await before.stop();
            await recreates(given)();
            await publish(stampedRun(topic, 0, 1, 40));
            const reader = read({ places: before.places });
            await until(() => reader.codeOf(laneOf(topic, 0)) !== undefined);
            assert.equal(reader.codeOf(laneOf(topic, 0)), 'LF_TOPIC_RECREATED');
            assert.deepEqual(reader.batches, []);
          }),
        ]
      : []),
  ];
}

function recreates({ recreate }: SourceCase): () => Promise<void> {
  assert.ok(recreate, 'the harness declares recreation, but has no recreate');
  return recreate;
}
