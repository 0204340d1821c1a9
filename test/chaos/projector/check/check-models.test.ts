import { expect, test } from 'vitest';
import type { Line } from '../../relay/history.ts';
import { checkModels, type ProjectorHistory } from './check-models.ts';
import { foldLog, type Models, type StoredEvent } from './fold-log.ts';

// The checker is held to what it must find: each test plants one thing that a projector must never do.

const event = (category: string, key: string, version: number, n: number): StoredEvent => ({
  id: `${category} ${key} ${version}`,
  category,
  key,
  stream: `${category}-${key}`,
  version,
  payload: { n, amount: n * 10, isBad: false },
});
const events = [
  event('chaos.order', 's1', 1, 1),
  event('chaos.order', 's1', 2, 2),
  event('chaos.order', 's1', 3, 3),
  event('chaos.parcel', 's1', 1, 41),
  event('chaos.order', 's100', 1, 4),
];
const sound = foldLog(events);
const told: readonly Line[] = [{ at: 1, process: 'writer-1', op: 'acknowledged', ids: events.map(({ id }) => id) }];

function found(changes: Partial<Models>, history: Partial<ProjectorHistory> = {}): readonly string[] {
  const inTheEnd = new Map([['log', { ...sound, ...changes }]]);
  const whileParked = new Map([['log', sound]]);
  const violations = checkModels({ told, events, whileParked, inTheEnd, parked: [], ...history });
  return violations.map(({ invariant, what }) => `${invariant}: ${what}`);
}

test('a run in which all went well has no violations', () => expect(found({})).toEqual([]));

test('an event that was applied twice is seen, in the row and by its count', () => {
  const [first, ...others] = sound.tallies;
  const twice = { id: 's1', events: 4, amount: 90, chain: first?.chain ?? 0 };
  expect(found({ tallies: [twice, ...others] })).toEqual([
    expect.stringMatching(/^differs: tallies by log has s1: 4 events/),
  ]);
  const [one, ...rest] = sound.applied;
  expect(found({ applied: [{ event: one?.event ?? '', times: 2 }, ...rest] })).toEqual([
    'twice: chaos.order-s1@1 was applied 2 times by log',
  ]);
});

test('events of a stream that were applied in another order are seen, though sums are the same', () => {
  const inverted = foldLog([event('chaos.order', 's1', 2, 1), event('chaos.order', 's1', 1, 2), ...events.slice(2)]);
  expect(found({ tallies: inverted.tallies })).toEqual([expect.stringMatching(/^differs: .*60, chain \d+, and/)]);
});

test('an event that was skipped is seen, and a row of nothing', () => {
  expect(found({ applied: sound.applied.slice(1) })).toEqual(['missing: chaos.order-s1@1 was applied 0 times by log']);
  expect(found({ buckets: sound.buckets.slice(1) })).toEqual([
    expect.stringMatching(/^missing: buckets by log has no row/),
  ]);
  expect(found({ buckets: [...sound.buckets, { id: 'b99', events: 1, amount: 1 }] })).toEqual([
    expect.stringMatching(/^phantom: buckets by log has the row b99/),
  ]);
});

test('what is still parked is seen, and that a parked key held up another', () => {
  expect(found({}, { parked: ['stream/chaos.order-s100'] })).toEqual([
    'parked: stream/chaos.order-s100 is still parked',
  ]);
  const held = foldLog(events.filter(({ version }) => version < 3));
  expect(found({}, { whileParked: new Map([['log', held]]) })).toEqual([
    expect.stringMatching(/^differs: tallies by log, of keys beside the parked ones, has s1: 2 events/),
  ]);
  // The parked one itself may wait.
  const parked = foldLog(events.filter(({ key }) => key === 's1'));
  expect(found({}, { whileParked: new Map([['log', parked]]) })).toEqual([]);
});

test('an acknowledged event that is not in the log is lost, and what a process told is heard', () => {
  const lost: Line = { at: 2, process: 'writer-1', op: 'acknowledged', ids: ['gone'] };
  const broken: Line = { at: 3, process: 'projector-1', op: 'broken', what: 'tallies stopped' };
  expect(found({}, { told: [...told, lost, broken] })).toEqual([
    'broken: projector-1: tallies stopped',
    'lost: gone was acknowledged to writer-1 and is not in the log',
  ]);
});
