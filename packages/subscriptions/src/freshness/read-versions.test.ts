import { event, t } from '@leftfold/core';
import { afterEach, expect, test, vi } from 'vitest';
import { projection } from '../projection/projection.ts';
import { ReadVersions } from './read-versions.ts';

const noted = event('desk.note.noted', {});
const list = projection('list', { version: 1, key: 'id', row: { id: t.string() } }).upsert(noted, () => ({ id: 'x' }));

afterEach(() => {
  vi.useRealTimers();
});

test('after a switch of versions queries may read either for some seconds, then the new one alone', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  let bound: number | undefined;
  const versions = new ReadVersions({ bound: async () => bound });
  expect(await versions.of(list)).toEqual([1]);
  bound = 1;
  expect(await versions.of(list)).toEqual([1]);
  bound = 2;
  expect(await versions.of(list)).toEqual([1, 2]);
  vi.advanceTimersByTime(7_000);
  expect(await versions.of(list)).toEqual([2]);
});
