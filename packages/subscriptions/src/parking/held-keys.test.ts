import type { StreamId } from '@leftfold/core';
import { describe, expect, test } from 'vitest';
import { HeldKeys } from './held-keys.ts';

const [tenant, key] = ['', 'row/k'];
const row = { tenant, key };
const [a, b] = ['a', 'b'] as [StreamId, StreamId];
const of = (stream: StreamId) => ({ tenant, stream });

test('a stream of which an event waits under a key waits there altogether, until nothing does', () => {
  const held = new HeldKeys([{ ...row, streams: [a] }]);
  expect([held.keyOf(of(a)), held.keyOf(of(b)), held.size]).toEqual([row, undefined, 1]);
  held.release(row);
  expect([held.isHeld(row), held.keyOf(of(a)), held.size]).toEqual([false, undefined, 0]);
});

describe('what a transaction would change lies over it', () => {
  test('and counts once it is merged', () => {
    const held = new HeldKeys([{ ...row, streams: [a] }]);
    const over = held.over();
    over.release(row);
    over.hold({ tenant, key: 'row/l' }, b);
    expect([held.isHeld(row), held.keyOf(of(a)), held.keyOf(of(b))]).toEqual([true, row, undefined]);
    expect([over.isHeld(row), over.keyOf(of(a))]).toEqual([false, undefined]);
    over.merge();
    expect([held.isHeld(row), held.keyOf(of(a)), held.size]).toEqual([false, undefined, 1]);
    expect(held.keyOf(of(b))?.key).toBe('row/l');
  });

  test('a key that is released and then held for another stream holds that one alone', () => {
    const held = new HeldKeys([{ ...row, streams: [a] }]);
    const over = held.over();
    over.release(row);
    over.hold(row, b);
    expect([over.keyOf(of(a)), over.keyOf(of(b))]).toEqual([undefined, row]);
    over.merge();
    expect([held.isHeld(row), held.keyOf(of(a)), held.keyOf(of(b))]).toEqual([true, undefined, row]);
  });

  test('one over another one, too', () => {
    const held = new HeldKeys([{ ...row, streams: [a] }]);
    const over = held.over();
    const above = over.over();
    above.release(row);
    above.hold(row, b);
    above.merge();
    expect([over.keyOf(of(a)), over.keyOf(of(b)), held.keyOf(of(a))]).toEqual([undefined, row, row]);
    over.merge();
    expect([held.keyOf(of(a)), held.keyOf(of(b))]).toEqual([undefined, row]);
  });
});
