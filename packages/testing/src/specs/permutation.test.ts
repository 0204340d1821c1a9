import { event, t } from '@leftfold/core';
import { projection } from '@leftfold/subscriptions';
import type { SourceRecord } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { CRASH_STEPS } from './mortal-storage.ts';
import { drawFrom, permutation } from './permutation.ts';
import { inStream, specRecords } from './spec-records.ts';

const happened = event('a.thing.happened', { n: t.int() });
const things = projection('things', { version: 1, key: 'id', row: { id: t.string() } }).upsert(happened, () => ({
  id: '',
}));
const given = ['x', 'y', 'z'].map((key) => inStream(key, ...[1, 2, 3, 4].map((n) => happened({ n }))));
const records = specRecords(things, given);
const seeds = Array.from({ length: 300 }, (_, seed) => seed);
const nameOf = ({ key, streamVersion }: SourceRecord): string => `${key}${streamVersion}`;
const lanesOf = (seed: number, order: 'stream' | 'any') =>
  permutation(records, order, drawFrom(seed)).script.map((batches) => batches.flat());

test('every record comes, and each stream stays in one lane, in its order', () => {
  for (const seed of seeds) {
    const lanes = lanesOf(seed, 'any');
    expect(lanes.flat().map(nameOf).toSorted()).toEqual(records.map(nameOf).toSorted());
    for (const key of ['x', 'y', 'z']) {
      const ofStream = lanes.map((lane) => lane.filter((record) => record.key === key).map(nameOf));
      expect(ofStream.filter((names) => names.length > 0)).toEqual([[1, 2, 3, 4].map((n) => `${key}${n}`)]);
    }
  }
});

test('where rows belong to one stream records come twice, but none before its first time', () => {
  let repeated = 0;
  for (const seed of seeds) {
    for (const lane of lanesOf(seed, 'stream')) {
      const names = lane.map(nameOf);
      const first = [...new Set(names)];
      repeated += names.length - first.length;
      for (const key of ['x', 'y', 'z'])
        expect(first.filter((name) => name.startsWith(key))).toEqual(
          first.filter((name) => name.startsWith(key)).toSorted(),
        );
    }
  }
  expect(repeated).toBeGreaterThan(100);
});

test('the ways differ: lanes, late streams, batches, crashes at every step', () => {
  const scripts = seeds.map((seed) => permutation(records, 'any', drawFrom(seed)));
  expect(new Set(scripts.map(({ script }) => script.length))).toEqual(new Set([1, 2, 3]));
  expect(new Set(scripts.flatMap(({ script }) => script.flat().map((batch) => batch.length)))).toEqual(
    new Set([1, 2, 3, 4]),
  );
  expect(new Set(scripts.flatMap(({ crashes }) => [...crashes.values()]))).toEqual(new Set(CRASH_STEPS));
  expect(
    new Set(scripts.map(({ script }) => JSON.stringify(script.map((one) => one.flat().map(nameOf))))).size,
  ).toBeGreaterThan(200);
});

test('one seed gives one way', () => expect(lanesOf(7, 'stream')).toEqual(lanesOf(7, 'stream')));
