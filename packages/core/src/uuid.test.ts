import { expect, onTestFinished, test, vi } from 'vitest';
import { uuidV7 } from './uuid.ts';

test('a UUID is of version 7, variant 1, and carries the time', () => {
  const before = Date.now();
  const id = uuidV7();
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const ms = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
  expect(ms).toBeGreaterThanOrEqual(before);
});
test('UUIDs rise strictly within a process: more than a millisecond has numbers for, and when the clock goes back', () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  // Far enough ahead of what other tests have drawn.
  const now = Date.now() + 3_600_000;
  const ids = [now, now - 60_000, now + 1, now + 60_000].flatMap((time) => {
    vi.setSystemTime(time);
    return Array.from({ length: 10_000 }, uuidV7);
  });
  expect(ids).toEqual([...new Set(ids)].toSorted());
});
