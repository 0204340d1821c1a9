import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AnswerWatch } from './answer-watch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const late = (): Error => new Error('late');
/** What became of a promise so far. */
function watched<T>(promise: Promise<T>): { state: string } {
  const seen = { state: 'waiting' };
  promise.then(
    (value) => (seen.state = String(value)),
    (error: unknown) => (seen.state = (error as Error).message),
  );
  return seen;
}

test('an answer in time is handed on, as is an error', async () => {
  const watch = new AnswerWatch(1_000);
  expect(await watch.within(Promise.resolve(7), late)).toBe(7);
  await expect(watch.within(Promise.reject(new Error('refused')), late)).rejects.toThrow('refused');
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(vi.getTimerCount()).toBe(0);
});

test('one that does not come is given up on after its time, each after its own', async () => {
  const watch = new AnswerWatch(1_000);
  const { promise, resolve } = Promise.withResolvers<string>();
  const first = watched(watch.within(promise, late));
  await vi.advanceTimersByTimeAsync(550);
  const second = watched(watch.within(new Promise(() => undefined), late));
  await vi.advanceTimersByTimeAsync(450);
  expect([first.state, second.state]).toEqual(['waiting', 'waiting']);
  await vi.advanceTimersByTimeAsync(100);
  expect([first.state, second.state]).toEqual(['late', 'waiting']);
  resolve('too late');
  await vi.advanceTimersByTimeAsync(450);
  expect([first.state, second.state]).toEqual(['late', 'waiting']);
  await vi.advanceTimersByTimeAsync(100);
  expect([first.state, second.state]).toEqual(['late', 'late']);
});
