import { expect, test } from 'vitest';
import type { RecordPlace } from '../record/recognition.ts';
import type { RelayLedger } from '../relay/relay-ledger.ts';
import { hasReached, neededFor, type TopicSource } from './topic-reached.ts';

const ledger: RelayLedger = {
  v: 1,
  log: 'log',
  generation: 2,
  topics: { orders: { began: [11, 1, 4], next: [21, 1, 8] } },
};
const at = (place: Partial<RecordPlace> | 'start'): TopicSource => ({
  reached: () => (place === 'start' ? place : { log: 'log', generation: 2, sequence: 20, ...place }),
});
const isReached = (place: Partial<RecordPlace> | 'start', hash = 0): boolean => {
  const needed = neededFor(ledger, 'orders', hash);
  return needed !== undefined && hasReached(at(place), new Map(), needed);
};

test('what stands before a saved cursor has a number below the next one: the last of them is needed, no earlier and no later one', () => {
  expect(neededFor(ledger, 'orders', 3)).toMatchObject({ partition: 0, sequence: 20 });
  expect([isReached({ sequence: 19 }), isReached({ sequence: 20 }), isReached({ sequence: 21 })]).toEqual([
    false,
    true,
    true,
  ]);
  expect(isReached('start')).toBe(false);
});
test('a partition that nothing was sent to is reached by everybody', () => {
  expect(isReached('start', 1)).toBe(true);
  expect(neededFor(ledger, 'others', 0)).toBeUndefined();
});
test('a number of an earlier generation counts where the later one had not begun: from there on another record has it', () => {
  expect(isReached({ generation: 1, sequence: 20 })).toBe(false);
  const before = neededFor({ ...ledger, topics: { orders: { began: [21], next: [21] } } }, 'orders', 0);
  expect(before && hasReached(at({ generation: 1, sequence: 20 }), new Map(), before)).toBe(true);
  expect(before && hasReached(at({ generation: 1, sequence: 21 }), new Map(), before)).toBe(false);
});
test('a number of another log, or of a generation to come, says nothing', () => {
  expect(isReached({ log: 'other' })).toBe(false);
  expect(isReached({ generation: 3 })).toBe(false);
});
