import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** A certificate with its private key, both PEM. */
export interface Certified {
  readonly cert: string;
  readonly key: string;
}

/** What stands in a certificate. */
export interface CertificateRequest {
  /** Its common name. */
  readonly name: string;
  /** Host names and IPv4 addresses it is good for. Default none. */
  readonly hosts?: readonly string[];
  /** The first moment at which it is no longer good. Default: in a day. */
  readonly until?: Date;
}

/** Signs certificates of its own kind: made for one test, trusted by nobody else. */
export interface CertificateAuthority {
  /** Its own certificate, PEM. */
  readonly cert: string;
  issue(request: CertificateRequest): Certified;
}

const DAY_MS = 86_400_000;

/**
 * A new authority with a key of its own (P-256). Written by hand, because Node reads certificates and makes none, `openssl` is not on every machine, and
 * one that has expired cannot be asked of it before release 3.4. Source: RFC 5280.
 */
export function certificateAuthority(name: string): CertificateAuthority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { privateKey: signer } = keys;
  const isAuthority = extension('551d13', true, sequence(der(0x01, Buffer.from([0xff]))));
  const own = { subject: name, key: keys.publicKey, until: new Date(Date.now() + DAY_MS), extensions: [isAuthority] };
  return {
    cert: certificate({ ...own, issuer: name, signer }),
    issue({ name: subject, hosts = [], until = new Date(Date.now() + DAY_MS) }) {
      const { publicKey: key, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const extensions =
        hosts.length === 0 ? [] : [extension('551d11', false, sequence(...hosts.map(alternativeName)))];
      return {
        cert: certificate({ subject, key, until, extensions, issuer: name, signer }),
        key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
}

interface Content {
  readonly subject: string;
  readonly issuer: string;
  readonly key: KeyObject;
  readonly until: Date;
  readonly extensions: readonly Buffer[];
  readonly signer: KeyObject;
}

function certificate({ subject, issuer, key, until, extensions, signer }: Content): string {
  const algorithm = sequence(oid('2a8648ce3d040302'));
  const signed = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    // Positive, whatever was drawn.
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    distinguishedName(issuer),
    // Long before, since one that has expired began before it ended.
    sequence(time(new Date(Date.now() - 30 * DAY_MS)), time(until)),
    distinguishedName(subject),
    key.export({ type: 'spki', format: 'der' }),
    ...(extensions.length === 0 ? [] : [der(0xa3, sequence(...extensions))]),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', signed, signer));
  const text = sequence(signed, algorithm, signature).toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
}

const distinguishedName = (common: string): Buffer =>
  sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(common)))));
const time = (at: Date): Buffer => der(0x18, Buffer.from(`${at.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`));
const alternativeName = (host: string): Buffer =>
  isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host));
const extension = (id: string, isCritical: boolean, value: Buffer): Buffer =>
  sequence(oid(id), ...(isCritical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);

/** Tag, length, content: the distinguished encoding of ASN.1. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
