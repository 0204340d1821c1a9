import { Agent } from 'undici';
import { RegistryRefused, RegistryUnavailable } from './errors.ts';
import type { RegistryAddress } from './registry-options.ts';
import { untilAborted } from './until-aborted.ts';

/** What a registry answered: what was asked for, or one of its own error codes that the asker knows what to make of. */
export type RegistryAnswer =
  | { readonly kind: 'found'; readonly json: unknown }
  | { readonly kind: 'fault'; readonly errorCode: number; readonly message: string };

/** One question. */
export interface RegistryQuestion {
  readonly method: 'GET' | 'POST';
  /** Below the base path, already escaped; begins with a slash. */
  readonly path: string;
  readonly body?: { readonly [name: string]: string };
  /** Error codes of the registry that are an answer, not a fault. */
  readonly expected?: readonly number[];
}

/** Greater than any list of subjects that is of use, small enough for any heap. */
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;
const MAX_CONNECTIONS = 16;

/** Asks a registry of Confluent's API over HTTP. Nothing of it keeps the process alive when no call is under way. */
export class RegistryConnection {
  readonly #address: RegistryAddress;
  readonly #newAgent: () => Pick<Agent, 'request' | 'close'>;
  #agent: Pick<Agent, 'request' | 'close'>;

  constructor(address: RegistryAddress, newAgent: () => Pick<Agent, 'request' | 'close'> = () => agentOf(address)) {
    this.#address = address;
    this.#newAgent = newAgent;
    this.#agent = newAgent();
  }

  get description(): string {
    return this.#address.description;
  }

  /**
   * Ends within the time-out, which spans everything from the connecting to the last byte.
   * @throws {@link RegistryUnavailable} `LF_REGISTRY_UNAVAILABLE` · {@link RegistryRefused} `LF_REGISTRY_REFUSED`
   */
  async ask(question: RegistryQuestion): Promise<RegistryAnswer> {
    const what = `${question.method} ${this.#address.basePath}${question.path}`;
    const agent = this.#agent;
    const signal = AbortSignal.timeout(this.#address.timeoutMs);
    try {
      // Not left to the client: it ends a question that waits for its connection when that is made or refused, and not before. Lanes wait for this.
      return await untilAborted(this.#answered(agent, question, what, signal), signal);
    } catch (error) {
      if (error instanceof RegistryRefused || error instanceof RegistryUnavailable) throw error;
      if (signal.aborted && agent === this.#agent) this.#replaceAgent();
      throw this.#fault(what, error);
    }
  }

  async #answered(
    agent: Pick<Agent, 'request'>,
    question: RegistryQuestion,
    what: string,
    signal: AbortSignal,
  ): Promise<RegistryAnswer> {
    const { origin, basePath, authorization } = this.#address;
    const response = await agent.request({
      origin,
      path: `${basePath}${question.path}`,
      method: question.method,
      headers: {
        accept: 'application/vnd.schemaregistry.v1+json, application/json',
        ...(question.body && { 'content-type': 'application/vnd.schemaregistry.v1+json' }),
        ...(authorization !== undefined && { authorization }),
      },
      ...(question.body && { body: JSON.stringify(question.body) }),
      signal,
    });
    const text = await boundedText(response.body);
    return this.#answer(what, response.statusCode, text, response.headers['location'], question.expected ?? []);
  }

  /** Later questions do not queue behind those that were not answered; those still under way end as they will. */
  #replaceAgent(): void {
    const before = this.#agent;
    this.#agent = this.#newAgent();
    void before.close().catch(() => {});
  }

  #answer(
    what: string,
    status: number,
    text: string | undefined,
    location: string | string[] | undefined,
    expected: readonly number[],
  ): RegistryAnswer {
    const json = text === undefined ? undefined : parsed(text);
    if (status >= 200 && status < 300) {
      if (json !== undefined) return { kind: 'found', json };
      const much = text === undefined ? `more than ${MAX_RESPONSE_BYTES} bytes` : 'something that is no JSON';
      throw new RegistryUnavailable(this.description, `answered ${what} with ${much}`);
    }
    const fault = faultOf(json, this.#address.secrets);
    // The status alone says nothing: a proxy answers 404, too, and so does a registry under a wrong path.
    if (fault !== undefined && status < 500 && expected.includes(fault.errorCode)) return { kind: 'fault', ...fault };
    throw this.#refusal(what, status, fault, location);
  }

  #refusal(
    what: string,
    status: number,
    fault: ReturnType<typeof faultOf>,
    location: string | string[] | undefined,
  ): RegistryRefused | RegistryUnavailable {
    const said = fault === undefined || fault.message === '' ? '' : `, saying '${fault.message}'`;
    const why = `answered ${what} with status ${status}${said}`;
    if (status === 301 || status === 308) {
      // Not followed: the credentials are for this host alone.
      return new RegistryRefused(this.description, `has moved to ${hostOf(location)}`, 'give its new address');
    }
    if (status === 401 || status === 403 || status === 407)
      return new RegistryRefused(this.description, why, 'check its user and password, and what that user may do');
    if (status === 404)
      return new RegistryUnavailable(
        this.description,
        `${why}, which is not how a registry says that something is unknown`,
      );
    const passes = status < 400 || status >= 500 || status === 408 || status === 425 || status === 429;
    if (passes) return new RegistryUnavailable(this.description, why);
    return new RegistryRefused(this.description, why, 'see what it says, and in its log');
  }

  #fault(what: string, error: unknown): RegistryRefused | RegistryUnavailable {
    const {
      name = '',
      code = '',
      message = String(error),
    } = error as { name?: string; code?: string; message?: string };
    if (name === 'TimeoutError')
      return new RegistryUnavailable(this.description, `did not answer ${what} within ${this.#address.timeoutMs} ms`);
    // Told by code: of TLS that was refused on either side nothing gets better by itself.
    if (/^(ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH)/.test(code))
      return new RegistryRefused(
        this.description,
        `and this client do not trust each other (${code})`,
        'check tls: { ca, cert, key }',
        error,
      );
    const why = `could not be asked: ${what} ended with ${code || message}`;
    // What is no HTTP stands in that error as it came, and may repeat the credentials.
    return new RegistryUnavailable(this.description, why, name === 'HTTPParserError' ? undefined : error);
  }
}

function agentOf(address: RegistryAddress): Agent {
  return new Agent({
    connections: MAX_CONNECTIONS,
    // A connection for each question: there are few of them, and one that was kept may be closed by the other side just as it is used again.
    pipelining: 0,
    allowH2: false,
    connect: { ...tlsOptions(address), timeout: address.timeoutMs },
  });
}

function tlsOptions({ tls }: RegistryAddress): { [option: string]: string | Buffer } {
  const options = Object.entries(tls).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    options.map(([name, value]) => [name, typeof value === 'string' ? value : Buffer.from(value)]),
  );
}

/** `undefined` when it is more than anybody should hold. */
async function boundedText(body: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    // Leaving the loop closes the connection.
    if (bytes > MAX_RESPONSE_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What a registry says beside a status that is no success, without the secrets; `undefined` when this was said by something else. */
function faultOf(
  json: unknown,
  secrets: readonly string[],
): { readonly errorCode: number; readonly message: string } | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const { error_code: errorCode, message } = json as { readonly error_code?: unknown; readonly message?: unknown };
  if (typeof errorCode !== 'number') return undefined;
  const said = secrets.reduce((all, secret) => all.replaceAll(secret, '…'), typeof message === 'string' ? message : '');
  const text = said.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  return { errorCode, message: text.length > 500 ? `${text.slice(0, 500)} …` : text };
}

function hostOf(location: string | string[] | undefined): string {
  const [to] = Array.isArray(location) ? location : [location];
  return (to !== undefined && URL.parse(to)?.origin) || 'another path';
}
