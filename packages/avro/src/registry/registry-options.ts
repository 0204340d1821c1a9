import { DefinitionError } from '@leftfold/core';

/** Certificates for a registry behind TLS, each in PEM form. The system's own authorities count where `ca` is absent. */
export interface RegistryTls {
  /** Authorities that are trusted, instead of the system's. */
  readonly ca?: string | Uint8Array;
  /** The client's certificate with its key, where the registry asks for one. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  /** Of the key. Never logged, in no message. */
  readonly passphrase?: string;
}

/** Settings of {@link confluentRegistry}. */
export interface ConfluentRegistryOptions {
  /** Base of the API, `http(s)://host:port/base/path`; may hold `user:password@`. */
  readonly url: string;
  /** Basic authentication, instead of a user in the URL. Never logged, in no message. */
  readonly auth?: { readonly username: string; readonly password: string };
  /** Only with `https:`. Certificates are always checked. */
  readonly tls?: RegistryTls;
  /** How long one call may take from first to last byte: 100 to 60,000 ms, 5,000 by default. */
  readonly timeoutMs?: number;
}

/** Where a registry is and how it is asked, from checked options. */
export interface RegistryAddress {
  readonly origin: string;
  /** Without a slash at its end; empty at the root. */
  readonly basePath: string;
  /** Where it is, without credentials. */
  readonly description: string;
  /** Value of the header. */
  readonly authorization: string | undefined;
  /** What no message may repeat, even where a server does. */
  readonly secrets: readonly string[];
  readonly tls: RegistryTls;
  readonly timeoutMs: number;
}

const TIMEOUT = { least: 100, most: 60_000, standard: 5_000 };

/** @throws {@link DefinitionError} `LF_OPTION_OUT_OF_RANGE`, naming the option and what it may be; no message repeats a URL, which may hold a password. */
export function registryAddress(options: ConfluentRegistryOptions): RegistryAddress {
  const { auth, tls = {}, timeoutMs = TIMEOUT.standard } = options;
  const url = URL.parse(options.url);
  check(
    url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '',
    'url',
    'http(s)://host:port/base, without ? and #',
  );
  check(
    auth === undefined || url.username + url.password === '',
    'auth',
    'absent when the URL has a user: say it once',
  );
  check(isUser(auth), 'auth', 'a username without a colon, and a password');
  check(Object.keys(tls).length === 0 || url.protocol === 'https:', 'tls', 'absent unless the URL begins with https:');
  check((tls.cert === undefined) === (tls.key === undefined), 'tls', 'cert and key together');
  check(
    Number.isInteger(timeoutMs) && timeoutMs >= TIMEOUT.least && timeoutMs <= TIMEOUT.most,
    'timeoutMs',
    `${TIMEOUT.least} to ${TIMEOUT.most}`,
  );
  const user = auth ?? userOf(url);
  const credentials = user && Buffer.from(`${user.username}:${user.password}`).toString('base64');
  const basePath = url.pathname.replace(/\/+$/, '');
  return {
    origin: url.origin,
    basePath,
    description: `${url.origin}${basePath}`,
    authorization: credentials && `Basic ${credentials}`,
    secrets: [credentials ?? '', user?.password ?? ''].filter((secret) => secret !== ''),
    tls,
    timeoutMs,
  };
}

/** A variable that is not set would be sent as the password `undefined`. */
function isUser(auth: ConfluentRegistryOptions['auth']): boolean {
  const { username, password }: { username: unknown; password: unknown } = auth ?? { username: '', password: '' };
  return typeof username === 'string' && !username.includes(':') && typeof password === 'string';
}

function userOf({ username, password }: URL): ConfluentRegistryOptions['auth'] {
  // A token may stand without a user before it.
  if (username + password === '') return undefined;
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    // Not as its cause: that would repeat the password.
    throw refused('url', 'with its user and password percent-encoded');
  }
}

function check(holds: boolean, option: string, mayBe: string): asserts holds {
  if (!holds) throw refused(option, mayBe);
}

function refused(option: string, mayBe: string): DefinitionError {
  return new DefinitionError(
    'LF_OPTION_OUT_OF_RANGE',
    `confluentRegistry({ ${option} }) is not allowed; it must be ${mayBe}`,
  );
}
