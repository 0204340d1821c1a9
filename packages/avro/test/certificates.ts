import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** A certificate with its key, in PEM form. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** An authority that exists for one test. */
export interface Authority {
  readonly ca: string;
  /** A certificate for 127.0.0.1 and this name, good for a day. */
  issue(name: string): Certificate;
}

/** Makes an authority. Written out as DER (X.509, RFC 5280), because Node reads certificates and makes none, and not every machine has OpenSSL. */
export function makeAuthority(name: string): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issue = (subject: string, publicKey: KeyObject, extensions: readonly Buffer[]): string =>
    pem('CERTIFICATE', certificate(name, own.privateKey, subject, publicKey, extensions));
  const isAuthority = extension('551d13', true, sequence(tagged(0x01, Buffer.of(0xff))));
  return {
    ca: issue(name, own.publicKey, [isAuthority]),
    issue(subject) {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const names = sequence(tagged(0x82, Buffer.from(subject)), tagged(0x87, Buffer.of(127, 0, 0, 1)));
      return {
        cert: issue(subject, pair.publicKey, [extension('551d11', false, names)]),
        key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      };
    },
  };
}

const DAY_MS = 86_400_000;
const ECDSA_WITH_SHA256 = sequence(objectId('2a8648ce3d040302'));

function certificate(
  issuer: string,
  issuerKey: KeyObject,
  subject: string,
  publicKey: KeyObject,
  extensions: readonly Buffer[],
): Buffer {
  const toBeSigned = sequence(
    tagged(0xa0, tagged(0x02, Buffer.of(2))),
    tagged(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    commonName(issuer),
    sequence(time(Date.now() - DAY_MS), time(Date.now() + DAY_MS)),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', toBeSigned, issuerKey);
  return sequence(toBeSigned, ECDSA_WITH_SHA256, tagged(0x03, Buffer.concat([Buffer.of(0), signature])));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? Buffer.of(length) : Buffer.of(0x82, length >> 8, length & 0xff);
  return Buffer.concat([Buffer.of(tag), size, content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function objectId(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'));
}

function commonName(name: string): Buffer {
  return sequence(tagged(0x31, sequence(objectId('550403'), tagged(0x0c, Buffer.from(name)))));
}

function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replaceAll(/\D/g, '').slice(2, 14);
  return tagged(0x17, Buffer.from(`${digits}Z`));
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [tagged(0x01, Buffer.of(0xff))] : [];
  return sequence(objectId(id), ...critical, tagged(0x04, value));
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
