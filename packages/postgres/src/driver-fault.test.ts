import { expect, test } from 'vitest';
import { connectFault, driverFault, isConnectionLost } from './driver-fault.ts';

const fromServer = (code: string): Error => Object.assign(new Error('any text'), { code, severity: 'ERROR' });
const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code;

test.each([
  ['08006', 'LF_STORAGE_UNAVAILABLE'],
  ['57P01', 'LF_STORAGE_UNAVAILABLE'],
  ['57P05', 'LF_STORAGE_UNAVAILABLE'],
  ['25P03', 'LF_STORAGE_UNAVAILABLE'],
  ['53300', 'LF_STORAGE_UNAVAILABLE'],
  ['53100', 'LF_STORAGE_UNAVAILABLE'],
  ['57014', 'LF_STORAGE_UNAVAILABLE'],
  ['55P03', 'LF_LOCK_TIMEOUT'],
  ['40001', 'LF_SERIALIZATION'],
  ['40P01', 'LF_SERIALIZATION'],
  ['25006', 'LF_LOG_ON_STANDBY'],
])('SQLSTATE %s is %s, and can be tried again', (state, code) => {
  const cause = fromServer(state);
  expect(driverFault(cause)).toMatchObject({ code, retryable: true, cause });
});

test('what the server says otherwise is handed on as it is', () => {
  const error = fromServer('42601');
  expect(driverFault(error)).toBe(error);
  expect(isConnectionLost(error)).toBe(false);
});

test('an error without an answer of the server is a lost connection, with a system code or without', () => {
  for (const error of [
    new Error('Connection terminated'),
    Object.assign(new Error('x'), { code: 'EPIPE', errno: -32 }),
  ]) {
    expect(isConnectionLost(error)).toBe(true);
    expect(codeOf(driverFault(error))).toBe('LF_STORAGE_UNAVAILABLE');
  }
});

test('a mistake in our own code is none', () => {
  const error = new TypeError('undefined is not a function');
  expect(driverFault(error, 'an append')).toBe(error);
});

test('P2 a connection lost under something that commits leaves the outcome unknown; an answer of the server does not', () => {
  expect(driverFault(fromServer('57P01'), 'an append')).toMatchObject({ code: 'LF_OUTCOME_UNKNOWN', retryable: false });
  expect(codeOf(driverFault(fromServer('55P03'), 'an append'))).toBe('LF_LOCK_TIMEOUT');
});

test('a refused login does not heal by itself, a server that starts does', () => {
  expect(connectFault(fromServer('28P01'))).toMatchObject({ code: 'LF_STORAGE_REFUSED', retryable: false });
  expect(connectFault(fromServer('3D000'))).toMatchObject({ code: 'LF_STORAGE_REFUSED', retryable: false });
  expect(connectFault(fromServer('57P03'))).toMatchObject({ code: 'LF_STORAGE_UNAVAILABLE', retryable: true });
});
