import { expect, test } from 'vitest';
import { registryAddress, type ConfluentRegistryOptions } from './registry-options.ts';

test('an address keeps its base path without the slash at the end, and takes its user out of the URL', () => {
  const { origin, basePath, description, timeoutMs } = registryAddress({
    url: 'HTTPS://u:p@Host:8081/apis/ccompat/v7/',
  });
  expect({ origin, basePath, description, timeoutMs }).toEqual({
    origin: 'https://host:8081',
    basePath: '/apis/ccompat/v7',
    description: 'https://host:8081/apis/ccompat/v7',
    timeoutMs: 5_000,
  });
  expect(registryAddress({ url: 'http://host' })).toMatchObject({
    basePath: '',
    description: 'http://host',
    authorization: undefined,
  });
});

const url = 'http://user:secret@host';
const refused: readonly (readonly [string, ConfluentRegistryOptions])[] = [
  ['url', { url: '' }],
  ['url', { url: 'host:8081' }],
  ['url', { url: 'ftp://user:secret@host' }],
  ['url', { url: `${url}/?secret` }],
  ['url', { url: `${url}/#secret` }],
  ['url', { url: 'http://user:secret%zz@host' }],
  ['auth', { url, auth: { username: 'user', password: 'secret' } }],
  ['auth', { url: 'http://:secret@host', auth: { username: 'user', password: 'secret' } }],
  ['auth', { url: 'http://host', auth: { username: 'us:er', password: 'secret' } }],
  ['auth', { url: 'http://host', auth: { username: 'user' } as never }],
  ['tls', { url, tls: { ca: 'secret' } }],
  ['tls', { url: 'https://host', tls: { cert: 'secret' } }],
  ['timeoutMs', { url, timeoutMs: 99 }],
  ['timeoutMs', { url, timeoutMs: 60_001 }],
  ['timeoutMs', { url, timeoutMs: 1.5 * 1001 }],
  ['timeoutMs', { url, timeoutMs: Number.NaN }],
];

test.each(refused)('%s of %j is refused, named, and nothing secret is repeated', (option, options) => {
  const refusal = (): unknown => registryAddress(options);
  expect(refusal).toThrow(expect.objectContaining({ code: 'LF_OPTION_OUT_OF_RANGE' }));
  expect(refusal).toThrow(`{ ${option} }`);
  expect(refusal).not.toThrow('secret');
});
