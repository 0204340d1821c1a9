import { expect, test } from 'vitest';
import { Wake } from './wake.ts';

const LONG = 1_000_000;
const never = new AbortController().signal;

test('a signal wakes all who wait', async () => {
  const wake = new Wake();
  const waiting = Promise.all([wake.wait(LONG, 0, never), wake.wait(LONG, 0, never)]);
  wake.signal();
  await waiting;
});

test('a signal between the look and the wait is not missed', async () => {
  const wake = new Wake();
  const seen = wake.count;
  wake.signal();
  await wake.wait(LONG, seen, never);
});

test('aborting ends the wait, also before it began', async () => {
  const stop = new AbortController();
  const waiting = new Wake().wait(LONG, 0, stop.signal);
  stop.abort();
  await waiting;
  await new Wake().wait(LONG, 0, stop.signal);
});

test('the time ends the wait', async () => {
  const wake = new Wake();
  await wake.wait(1, 0, never);
  expect(wake.count).toBe(0);
});
