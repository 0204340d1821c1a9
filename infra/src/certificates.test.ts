import { X509Certificate, createPrivateKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { certificateAuthority } from './certificates.ts';

test('a certificate is of its authority, for its hosts, with its key, and of no other authority', () => {
  const authority = certificateAuthority('Test');
  const issued = authority.issue({ name: 'server', hosts: ['localhost', '127.0.0.1'] });
  const cert = new X509Certificate(issued.cert);
  const root = new X509Certificate(authority.cert);
  expect(cert.verify(root.publicKey)).toBe(true);
  expect(cert.checkIssued(root)).toBe(true);
  expect(root.ca).toBe(true);
  expect(cert.ca).toBe(false);
  expect(cert.subject).toBe('CN=server');
  expect(cert.checkHost('localhost')).toBe('localhost');
  expect(cert.checkHost('elsewhere')).toBeUndefined();
  expect(cert.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(cert.checkPrivateKey(createPrivateKey(issued.key))).toBe(true);
  expect(cert.verify(new X509Certificate(certificateAuthority('Test').cert).publicKey)).toBe(false);
});

test('a certificate can have expired', () => {
  const until = new Date('2020-01-02T03:04:05Z');
  const { cert } = certificateAuthority('Test').issue({ name: 'old', until });
  expect(new X509Certificate(cert).validToDate).toEqual(until);
});
