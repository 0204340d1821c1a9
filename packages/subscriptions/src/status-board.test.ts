import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { AtEvent } from './at-event.ts';
import type { Cursor, Lane } from './source.ts';
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
