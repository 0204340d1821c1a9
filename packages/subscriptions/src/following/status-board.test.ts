import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { AtEvent } from './at-event.ts';
import type { FollowerChange } from '../observation/follower-change.ts';
import type { Cursor, Lane } from '../source.ts';
import { StatusBoard } from './status-board.ts';
import type { EventReference } from './status.ts';

const [a, b] = ['a', 'b'] as [Lane, Lane];
const away = Object.assign(new Error('nobody answers'), { code: 'LF_STORAGE_UNAVAILABLE' });
let board: StatusBoard;
beforeEach(() => {
  board = new StatusBoard({ name: 'orders', version: 2, source: 'log' });
});

test('a follower that has just begun has no lanes and no faults', () => {
  expect(board.snapshot()).toEqual({ name: 'orders', version: 2, source: 'log', isRunning: true, lanes: [] });
});
test('lanes are shown in the order of their names, until they are forgotten', () => {
  board.set(b, 'claiming');
  board.set(a, 'claiming');
  expect(board.snapshot().lanes.map(({ lane }) => lane)).toEqual(['a', 'b']);
  board.forget(a);
  expect(board.snapshot().lanes.map(({ lane }) => lane)).toEqual(['b']);
});
test('a lane is in a state since it came into it, or since the reason is another', () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const sinceAfter = (ms: number, code: string): number | undefined => {
    vi.setSystemTime(ms);
    board.set(a, 'retrying', Object.assign(new Error(), { code }));
    return board.lane(a)?.since.getTime();
  };
  expect([sinceAfter(1, 'LF_A'), sinceAfter(2, 'LF_A'), sinceAfter(3, 'LF_B'), sinceAfter(4, 'LF_B')]).toEqual([
    1, 1, 3, 3,
  ]);
});
test('a batch that was dealt with says that all is well, and is counted', () => {
  board.source(away);
  board.set(a, 'retrying', away);
  board.cursor(a, 'c1' as Cursor);
  board.handled(a, 3);
  board.handled(a, 0);
  expect(board.snapshot()).toMatchObject({ lanes: [{ state: 'following', cursor: 'c1', batches: 2, events: 3 }] });
  expect(board.snapshot()).not.toHaveProperty('fault');
  expect(board.lane(a)).not.toHaveProperty('fault');
});
test('a fault shows its code and, where there is one, its event', () => {
  const event = { id: 'e', type: 't', stream: 's', streamVersion: 1n } as unknown as EventReference;
  board.set(a, 'stopped', new AtEvent(away, event));
  expect(board.lane(a)?.fault).toEqual({ code: 'LF_STORAGE_UNAVAILABLE', message: 'nobody answers', event });
});
test.each([
  [new RangeError('too far'), { code: 'RangeError', message: 'too far' }],
  [Object.assign(new Error('no'), { code: 7 }), { code: 'Error', message: 'no' }],
  ['a text', { code: 'string', message: 'a text' }],
])('what is not ours has a code, too: %s', (error, fault) => {
  board.source(error);
  expect(board.snapshot().fault).toEqual(fault);
});
test('the place of a lane that is not here is not kept', () => {
  board.cursor(a, 'c1' as Cursor);
  expect(board.snapshot().lanes).toEqual([]);
});
test('trouble began with the first failure, whatever its codes and states were since, and ends when the lane follows', () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  for (const [ms, code] of ['LF_A', 'LF_A', 'LF_B'].entries()) {
    vi.setSystemTime(ms);
    board.set(a, 'retrying', Object.assign(new Error(), { code }));
  }
  vi.setSystemTime(3);
  board.set(a, 'waiting', away);
  expect(board.lane(a)).toMatchObject({ since: new Date(3), trouble: { since: new Date(0), failures: 4 } });
  board.set(a, 'following');
  expect(board.lane(a)).not.toHaveProperty('trouble');
  board.set(a, 'retrying', away);
  expect(board.lane(a)?.trouble).toEqual({ since: new Date(3), failures: 1 });
});
test('trouble of the source as a whole is counted, and ends with the next batch', () => {
  board.source(away);
  board.source(away);
  expect(board.snapshot()).toMatchObject({ fault: { code: 'LF_STORAGE_UNAVAILABLE' }, trouble: { failures: 2 } });
  board.handled(a, 0);
  expect(board.snapshot()).not.toHaveProperty('trouble');
});
test('changes are told once each, in order: states with what was before, moves of the lane, batches, the end', () => {
  const heard: FollowerChange[] = [];
  board.onChange((change) => void heard.push(change));
  board.set(a, 'claiming');
  board.claimed(a);
  board.claimed(a);
  board.set(a, 'following');
  board.set(a, 'following');
  board.handled(a, 3, 7);
  board.source(undefined);
  board.left(a, 'given-back');
  board.left(a, 'lost');
  board.forget(a);
  board.forget(a);
  board.ended();
  expect(heard).toMatchObject([
    { kind: 'lane', lane: a, status: { state: 'claiming' }, before: undefined },
    { kind: 'claimed', lane: a },
    { kind: 'lane', lane: a, status: { state: 'following' }, before: { state: 'claiming' } },
    { kind: 'batch', lane: a, events: 3, ms: 7 },
    { kind: 'given-back', lane: a },
    { kind: 'forgotten', lane: a, before: { state: 'following' } },
    { kind: 'ended', fault: undefined },
  ]);
});
