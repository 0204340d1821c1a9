import { expect, test } from 'vitest';
import { AckTimes } from './ack-times.ts';

test('latencies are from the commit to the first acknowledgement, whichever was heard of first', () => {
  const times = new AckTimes();
  times.committed('a', 10);
  times.acknowledged(['b'], 25);
  times.committed('b', 20);
  expect(times.missing).toBe(1);
  times.acknowledged(['a', 'b'], 40);
  expect(times.missing).toBe(0);
  expect([...times.latencies(0)]).toEqual([5, 30]);
  expect([...times.latencies(15)]).toEqual([5]);
});

test('a disturbance ends when the last event that was late is acknowledged; one that never is has no end', () => {
  const times = new AckTimes();
  for (const [id, at, end] of [
    ['before', 0, 5],
    ['late', 90, 4_000],
    ['later', 3_000, 4_100],
    ['soon', 4_200, 4_210],
  ] as const) {
    times.committed(id, at);
    times.acknowledged([id], end);
  }
  expect(times.steadyFrom(100, 250)).toBe(4_100);
  times.committed('never', 5_000);
  expect(times.steadyFrom(100, 250)).toBe(Number.POSITIVE_INFINITY);
  expect(times.missing).toBe(1);
});

test('waiting for all ends with the last one, and says how many are missing when it does not', async () => {
  const times = new AckTimes();
  times.committed('a');
  const all = times.all(5_000);
  times.acknowledged(['a']);
  await all;
  times.committed('b');
  await expect(times.all(1)).rejects.toThrow('1 events were not acknowledged');
});
