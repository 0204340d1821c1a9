import { NewerEvent } from '@leftfold/core';
import { expect, test } from 'vitest';
import { LaneLost } from '../checkpoints.ts';
import { RowRaced } from '../read-models.ts';
import { RecordUndecodable } from '../record/record-undecodable.ts';
import { recoveryOf } from './recovery.ts';
import type { Lane } from '../source.ts';

test('every error falls under exactly one of five answers', () => {
  const lost = new LaneLost({ name: 'orders', version: 1 }, '0' as Lane);
  expect(recoveryOf(lost)).toBe('reclaim');
  expect(recoveryOf(new RowRaced('orders'))).toBe('rerun');
  expect(recoveryOf(new NewerEvent('shop.order.placed', 3, 2))).toBe('wait');
  expect(recoveryOf({ code: 'LF_STORAGE_UNAVAILABLE', retryable: true })).toBe('again');
  expect(recoveryOf(new RecordUndecodable('x'))).toBe('stop');
});
test('what is not ours stops: repeating an unknown error for ever would hide it', () => {
  expect(recoveryOf(new TypeError('x is not a function'))).toBe('stop');
  expect(recoveryOf(Object.assign(new Error('deadlock'), { code: '40P01', retryable: true }))).toBe('stop');
  expect([undefined, null, 'LF_LANE_LOST', 5].map(recoveryOf)).toEqual(['stop', 'stop', 'stop', 'stop']);
});
