import { certificateAuthority } from '@leftfold/infra';
import { expect, onTestFinished, test, vi } from 'vitest';
import { checkSecurity, currentPassword, kafkajsTls, platformaticSecurity } from './security.ts';
import type { SaslOptions, TlsOptions } from './security.ts';

const authority = certificateAuthority('Test');
const mine = authority.issue({ name: 'client' });
const other = authority.issue({ name: 'other' });
const sasl: SaslOptions = { mechanism: 'scram-sha-512', username: 'relay', password: 'hunter2' };

test.each<[boolean | TlsOptions | undefined, SaslOptions | undefined]>([
  [undefined, undefined],
  [true, sasl],
  [{ ca: authority.cert }, { ...sasl, mechanism: 'plain' }],
  [
    { ca: [authority.cert, Buffer.from(authority.cert)], ...mine },
    { ...sasl, password: () => 'x' },
  ],
])('what is sound is taken', (ssl, user) => {
  expect(() => checkSecurity(ssl, user)).not.toThrow();
});

test.each<[string, unknown, unknown]>([
  ['ssl', 'yes', undefined],
  ['ssl.ca', { ca: 'hunter2.pem' }, undefined],
  ['ssl.ca', { ca: [] }, undefined],
  ['ssl.ca', { ca: [authority.cert, mine.key] }, undefined],
  ['half a pair', { cert: mine.cert }, undefined],
  ['half a pair', { key: mine.key }, undefined],
  ['ssl.cert', { cert: mine.key, key: mine.key }, undefined],
  ['ssl.key', { cert: mine.cert, key: mine.cert }, undefined],
  ['ssl.key', { cert: mine.cert, key: 4711 }, undefined],
  ['ssl.minVersion', { minVersion: 'TLSv1' }, undefined],
  ['ssl.rejectUnauthorized', { rejectUnauthorized: 'false' }, undefined],
  ['no usable pair', { cert: mine.cert, key: other.key }, undefined],
  ['ssl.passphrase', { ...mine, passphrase: { hunter2: 1 } }, undefined],
  ['ssl.servername', { servername: '127.0.0.1' }, undefined],
  ['sasl.mechanism', true, { ...sasl, mechanism: 'SCRAM-SHA-512' }],
  ['sasl.mechanism', true, { username: 'relay', password: 'hunter2' }],
  ['sasl.username', true, { ...sasl, username: '' }],
  ['sasl.password', true, { ...sasl, password: undefined }],
  ['sasl.password', true, { ...sasl, password: '' }],
  ['sasl.password', true, { ...sasl, password: 'a\0hunter2' }],
])('%s: what cannot work is refused before anything connects, without a secret', (option, ssl, user) => {
  let thrown: unknown;
  try {
    checkSecurity(ssl as TlsOptions, user as SaslOptions);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({
    code: 'LF_OPTION_OUT_OF_RANGE',
    message: expect.stringContaining(option) as unknown,
  });
  expect(String(thrown)).not.toContain('hunter2');
  expect(String(thrown)).not.toContain(mine.key.slice(40, 60));
});

test('a password is asked for each time; the error of one that fails may hold anything, and is left out', async () => {
  let count = 0;
  const asked = { ...sasl, password: async () => `password ${++count}` };
  expect([await currentPassword(asked), await currentPassword(asked)]).toEqual(['password 1', 'password 2']);
  const failing = { ...sasl, password: () => Promise.reject(new RangeError('vault token hunter2')) };
  const error: unknown = await currentPassword(failing).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'LF_PASSWORD_UNAVAILABLE', retryable: true });
  expect(error).not.toHaveProperty('cause');
  expect(String(error)).toContain('RangeError');
  expect(String(error)).not.toContain('hunter2');
  await expect(currentPassword({ ...sasl, password: () => '' })).rejects.toMatchObject({
    code: 'LF_PASSWORD_UNAVAILABLE',
  });
});

test('a password function that never answers is given up, and told: the lane that waits for it must not stand there unseen', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const hanging = currentPassword({ ...sasl, password: () => new Promise<string>(() => {}) });
  const told = hanging.catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  expect(await told).toMatchObject({ code: 'LF_PASSWORD_UNAVAILABLE', retryable: true });
  expect(await currentPassword(sasl)).toBe('hunter2');
  expect(vi.getTimerCount()).toBe(0);
});

test('a host name is sent along, an address is not', () => {
  expect(platformaticSecurity(['kafka-1:9092'], true, undefined).tlsServerName).toBe(true);
  expect(platformaticSecurity(['10.0.0.1:9092'], true, undefined).tlsServerName).toBe(false);
  expect(platformaticSecurity(['10.0.0.1:9092'], { servername: 'kafka' }, undefined).tlsServerName).toBe('kafka');
});

test('without TLS nothing of it is told to a client', () => {
  expect(kafkajsTls(undefined)).toEqual({});
  expect(platformaticSecurity(['kafka-1:9092'], false, undefined)).toEqual({});
});
