import { InputInvalid, OutcomeUnknown, streamRef } from '@leftfold/core';
import type { AppendOutcome, EventId, ReadToken, StreamVersion } from '@leftfold/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LockTimeout, StorageUnavailable } from '../storage-errors.ts';
import type { AppendCall } from './appends.ts';
import { canResend, resend } from './resend.ts';

let lost: OutcomeUnknown;
beforeEach(() => {
  vi.useFakeTimers();
  lost = new OutcomeUnknown('an append', new Error('the connection'));
});
afterEach(() => void vi.useRealTimers());

const stream = streamRef('a', 'b');
const event = {
  id: '0198a1b2-0000-7000-8000-000000000000' as EventId,
  schema: { type: 't', version: 1, fingerprint: '', avro: 'string' },
  payload: '""',
  private: false,
  metadata: { correlationId: 'c' },
};
const written = [{ stream, expect: 2n as StreamVersion, events: [event] }];
const call: AppendCall = { written, all: written, reply: undefined, keys: [], signal: undefined };
const appended: AppendOutcome = { kind: 'appended', versions: [], token: 't' as ReadToken, already: true };
const conflictAt = (actual: bigint): AppendOutcome => ({
  kind: 'conflict',
  stream: stream.id,
  actual: actual as StreamVersion,
});
const repeat = async (again: () => Promise<AppendOutcome>): Promise<unknown> => {
  const outcome = resend(call, lost, again).catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  return outcome;
};

test('P2 what passes is waited out, until there is an answer', async () => {
  const faults = [new StorageUnavailable(undefined), new LockTimeout(undefined), lost];
  const again = async (): Promise<AppendOutcome> => {
    const fault = faults.shift();
    if (fault !== undefined) throw fault;
    return appended;
  };
  expect(await repeat(again)).toBe(appended);
});

test('P2 a server that stays away leaves the outcome unknown, after 15 s', async () => {
  const began = performance.now();
  expect(await repeat(() => Promise.reject(new StorageUnavailable(undefined)))).toBe(lost);
  const waited = performance.now() - began;
  expect(waited).toBeGreaterThan(10_000);
  expect(waited).toBeLessThanOrEqual(15_000);
});

test('P2 those that were lost together are told together, however many take turns; each is asked for once at least', async () => {
  const began = performance.now();
  const again = vi.fn<() => Promise<AppendOutcome>>(() => Promise.reject(new StorageUnavailable(undefined)));
  for (let i = 0; i < 32; i++) {
    again.mockClear();
    expect(await repeat(again)).toBe(lost);
    expect(again).toHaveBeenCalled();
  }
  expect(performance.now() - began).toBeLessThanOrEqual(15_000);
});

test('P2 a fault that nobody knows is not taken for an answer', async () => {
  expect(await repeat(() => Promise.reject(new TypeError('a bug')))).toBe(lost);
});

test('P2 what refuses the call in any case is told', async () => {
  const reused = new InputInvalid('LF_EVENT_ID_REUSED', 'reused');
  expect(await repeat(() => Promise.reject(reused))).toBe(reused);
});

test('P2 a conflict is an answer where the stream has gone beyond what was expected, not where it may still get there', async () => {
  expect(await repeat(async () => conflictAt(3n))).toEqual(conflictAt(3n));
  expect(await repeat(async () => conflictAt(1n))).toBe(lost);
});

test('P2 only events and a reply tell that a call was carried out before', () => {
  expect(canResend(call)).toBe(true);
  expect(
    canResend({ ...call, written: [], reply: { tenant: '', key: 'k', requestHash: '', reply: '1', keepMs: 1 } }),
  ).toBe(true);
  expect(canResend({ ...call, written: [], keys: [{ stream, change: 'reserve', key: ['a', 'b'] }] })).toBe(false);
});
