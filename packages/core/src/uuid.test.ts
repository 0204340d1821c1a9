import { expect, test } from 'vitest';
import { uuidV7 } from './uuid.ts';

test('a UUID is of version 7, variant 1, and carries the time', () => {
  const before = Date.now();
  const id = uuidV7();
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const ms = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
  expect(ms).toBeGreaterThanOrEqual(before);
});
test('UUIDs rise strictly within a process, also within a millisecond', () => {
  const ids = Array.from({ length: 20_000 }, uuidV7);
  expect(ids).toEqual([...new Set(ids)].toSorted());
});
