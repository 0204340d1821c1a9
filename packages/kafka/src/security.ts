import { DefinitionError } from '@leftfold/core';
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { PasswordUnavailable } from './errors.ts';

/** PEM text, or the bytes of a file that holds it. */
export type Pem = string | Uint8Array;

/** How the brokers prove who they are, and this client to them. Members are Node's `tls.connect` options of the same names. */
export interface TlsOptions {
  /** Certificates of the authorities whose signature is trusted, instead of the well-known ones that Node brings along. */
  readonly ca?: Pem | readonly Pem[];
  /** The client's own certificate, with what lies between it and the authority, and its private key; both or neither. */
  readonly cert?: Pem;
  readonly key?: Pem;
  /** Of `key`, where it is encrypted. */
  readonly passphrase?: string;
  /** The name that must stand in the brokers' certificate. Default: the host name in the broker's address. */
  readonly servername?: string;
  /** `true` by default. `false` takes any certificate: then anybody on the way can read everything, the password too. */
  readonly rejectUnauthorized?: boolean;
  /** Default: Node's, `TLSv1.2`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
}

/** A user of the cluster. */
export interface SaslOptions {
  /** `plain` sends the password as it is: only over TLS. */
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  /**
   * A function is asked at every connection, so that a password may change while the process runs. One that fails, or has not answered within 2 s, counts
   * as a server that is away (`LF_PASSWORD_UNAVAILABLE`): it is asked again. Of its error only the name is told.
   */
  readonly password: string | (() => string | Promise<string>);
}

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
/**
 * kafkajs does not bound it: a lane would stand there for ever, and not a word of it. The other client ends a connection that is not ready after
 * `connectMs`, without saying that it waited for the password; so it is less than that.
 */
const PASSWORD_MS = 2_000;

/**
 * Reads certificates and key once, so that a file that holds none is told where it is given, and not as a broker that cannot be reached.
 * @throws DefinitionError `LF_OPTION_OUT_OF_RANGE`, without the text of any of them
 */
export function checkSecurity(ssl: boolean | TlsOptions | undefined, sasl: SaslOptions | undefined): void {
  if (typeof ssl === 'object' && ssl !== null) checkTls(ssl);
  else check(ssl === undefined || typeof ssl === 'boolean', 'ssl', 'of another kind', 'true, or TLS options');
  if (sasl !== undefined) checkSasl(sasl);
}

function checkTls({ ca, cert, key, passphrase, servername, rejectUnauthorized, minVersion }: TlsOptions): void {
  const authorities = certificates(ca);
  for (const pem of authorities) check(isCertificate(pem), 'ssl.ca', 'no certificate', CERTIFICATE);
  check(ca === undefined || authorities.length > 0, 'ssl.ca', 'an empty list', CERTIFICATE);
  check(servername === undefined || isIP(servername) === 0, 'ssl.servername', 'an address', 'a host name');
  check(
    rejectUnauthorized === undefined || typeof rejectUnauthorized === 'boolean',
    'ssl.rejectUnauthorized',
    'of another kind',
    'true or false',
  );
  check(
    minVersion === undefined || ['TLSv1.2', 'TLSv1.3'].includes(minVersion),
    'ssl.minVersion',
    'another one',
    'TLSv1.2 or TLSv1.3',
  );
  // Of a value of another kind Node says in its error what it is.
  check(passphrase === undefined || isText(passphrase), 'ssl.passphrase', 'not a text', 'the text that opens the key');
  check((cert === undefined) === (key === undefined), 'ssl', 'half a pair', 'with both cert and key, or neither');
  if (cert === undefined || key === undefined) return;
  check(isCertificate(cert), 'ssl.cert', 'no certificate', CERTIFICATE);
  check(isPrivateKey(key), 'ssl.key', 'no private key', 'PEM text of a private key');
  try {
    createSecureContext({ cert: text(cert), key: text(key), ...(passphrase !== undefined && { passphrase }) });
  } catch {
    // What OpenSSL says names no place, and may quote.
    check(false, 'ssl', 'no usable pair', 'with the key that belongs to cert, and its passphrase where it has one');
  }
}

const CERTIFICATE = 'PEM text of certificates: -----BEGIN CERTIFICATE----- …';

function checkSasl({ mechanism, username, password }: Partial<SaslOptions>): void {
  check(
    MECHANISMS.some((known) => known === mechanism),
    'sasl.mechanism',
    typeof mechanism === 'string' ? 'not one of ours' : 'missing',
    MECHANISMS.join(', '),
  );
  check(isText(username), 'sasl.username', 'missing', 'a name');
  // An empty one comes from a variable that is not set, and looks like a wrong one to the cluster.
  check(typeof password === 'function' || isText(password), 'sasl.password', 'missing', 'text, or a function for it');
}

/** A NUL would end it in the middle of what `plain` sends. */
const isText = (value: unknown): boolean => typeof value === 'string' && value !== '' && !value.includes('\0');

const isPrivateKey = (pem: unknown): boolean =>
  (typeof pem === 'string' || pem instanceof Uint8Array) && /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text(pem));

function isCertificate(pem: Pem): boolean {
  try {
    return new X509Certificate(text(pem)).subject !== undefined;
  } catch {
    return false;
  }
}

/** The password now. @throws {@link PasswordUnavailable} `LF_PASSWORD_UNAVAILABLE` when its function fails, gives none, or takes longer than 2 s */
export async function currentPassword({ password }: SaslOptions): Promise<string> {
  if (typeof password === 'string') return password;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DOMException('no password', 'TimeoutError')), PASSWORD_MS);
  try {
    const given: unknown = await Promise.race([password(), late]);
    if (isText(given)) return given as string;
  } catch (error) {
    throw new PasswordUnavailable(error);
  } finally {
    clearTimeout(timer);
  }
  throw new PasswordUnavailable(new TypeError('not a password'));
}

/** For kafkajs' `ssl`. It sends the broker's host name along by itself. */
export function kafkajsTls(ssl: boolean | TlsOptions | undefined): { readonly ssl?: boolean | ConnectionOptions } {
  if (ssl === undefined) return {};
  return { ssl: typeof ssl === 'boolean' ? ssl : nodeTls(ssl) };
}

/** What `@platformatic/kafka` is told; to be spread into the options of any of its clients. */
export interface PlatformaticSecurity {
  readonly tls?: ConnectionOptions;
  readonly tlsServerName?: string | boolean;
  readonly sasl?: {
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
    readonly username: string;
    readonly password: () => Promise<string>;
  };
}

/** For `@platformatic/kafka`. Unlike kafkajs it sends no host name along unless told to, and brokers behind one address are told apart by it. */
export function platformaticSecurity(
  brokers: readonly string[],
  ssl: boolean | TlsOptions | undefined,
  sasl: SaslOptions | undefined,
): PlatformaticSecurity {
  const tls = ssl === true ? {} : ssl;
  // Sending an address as a name is forbidden (RFC 6066), and Node warns of it.
  const byName = !brokers.some((broker) => isIP(hostOf(broker)) !== 0);
  return {
    ...(tls && { tls: nodeTls(tls), tlsServerName: tls.servername ?? byName }),
    ...(sasl && {
      sasl: {
        mechanism: sasl.mechanism.toUpperCase() as 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512',
        username: sasl.username,
        password: () => currentPassword(sasl),
      },
    }),
  };
}

const hostOf = (broker: string): string => broker.slice(0, broker.lastIndexOf(':'));

/** As Node takes them. */
export function nodeTls({
  ca,
  cert,
  key,
  passphrase,
  servername,
  rejectUnauthorized,
  minVersion,
}: TlsOptions): ConnectionOptions {
  return {
    ...(ca !== undefined && { ca: certificates(ca).map(text) }),
    ...(cert !== undefined && { cert: text(cert) }),
    ...(key !== undefined && { key: text(key) }),
    ...(passphrase !== undefined && { passphrase }),
    ...(servername !== undefined && { servername }),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    ...(minVersion !== undefined && { minVersion }),
  };
}

const text = (pem: Pem): string => (typeof pem === 'string' ? pem : Buffer.from(pem).toString('utf8'));
const certificates = (ca: Pem | readonly Pem[] | undefined): readonly Pem[] =>
  ca === undefined ? [] : typeof ca === 'string' || ca instanceof Uint8Array ? [ca] : ca;

function check(holds: boolean, option: string, is: string, mayBe: string): void {
  if (!holds) throw new DefinitionError('LF_OPTION_OUT_OF_RANGE', `kafka({ ${option} }) is ${is}; it must be ${mayBe}`);
}
