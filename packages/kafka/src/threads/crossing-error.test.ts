import { expect, test } from 'vitest';
import { LeftfoldError } from '@leftfold/core';
import { BrokerUnavailable } from '../errors.ts';
import { crossed, crossing } from './crossing-error.ts';

const there = (error: unknown): Error => crossed(structuredClone(crossing(error)));

test('an error of ours is one on the other side, with its code, whether it may be tried again, and its causes', () => {
  const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  const error = new BrokerUnavailable('publishing', new Error('outer', { cause }));
  const found = there(error);
  expect(found).toBeInstanceOf(LeftfoldError);
  expect(found).toMatchObject({
    code: 'LF_BROKER_UNAVAILABLE',
    retryable: true,
    name: 'BrokerUnavailable',
    message: error.message,
    cause: { message: 'outer', cause: { message: 'connect', code: 'ECONNREFUSED' } },
  });
});

test('an error of others keeps its code, and is none of ours', () => {
  const found = there(Object.assign(new TypeError('no'), { code: 'ERR_X', retryable: true }));
  expect(found).not.toBeInstanceOf(LeftfoldError);
  expect(found).toMatchObject({ name: 'TypeError', message: 'no', code: 'ERR_X' });
});

test('what is no error, and an error that is its own cause, cross as well', () => {
  expect(there('broken').message).toBe('broken');
  expect(there(undefined).message).toBe('undefined');
  const own = new Error('round');
  own.cause = own;
  expect(there(own).message).toBe('round');
  expect(there(new DOMException('stopped', 'AbortError'))).toMatchObject({ name: 'AbortError', message: 'stopped' });
});
