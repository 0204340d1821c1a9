import { InfraError } from './infra-error.ts';

/** A schema registry to work with: started here, or given by `LEFTFOLD_REGISTRY_URL`. */
export interface RegistryServer {
  readonly origin: 'given' | 'java';
  /** Base of Confluent's API, without a slash at the end; with the credentials of a given one. */
  readonly url: string;
  /** For signals of your own, such as SIGSTOP; `undefined` when it does not run here. */
  readonly pid: number | undefined;
  /** Where its log lies; `undefined` when it does not run here. */
  readonly dataDir: string | undefined;
  /** Ends it with all that it holds; does nothing to a given one. Idempotent. */
  stop(): Promise<void>;
}

const ANSWER_WITHIN_MS = 5_000;

/** Asks for the subjects; resolves with the answer's headers when it is a list, else rejects with the reason. */
export async function askRegistry(url: string): Promise<Headers> {
  const { username, password, href } = new URL(`${url}/subjects`);
  const plain = new URL(href);
  [plain.username, plain.password] = ['', ''];
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const answer = await fetch(plain, {
    headers: username === '' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    redirect: 'manual',
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const subjects: unknown = await answer.json();
  if (!Array.isArray(subjects)) throw new Error('its answer is no list of subjects');
  return answer.headers;
}

/** A registry that somebody else runs, once it has answered. */
export async function givenRegistry(url: string): Promise<RegistryServer> {
  await askRegistry(url).catch((cause: unknown) => {
    throw new InfraError(
      'LF_INFRA_NOT_READY',
      `the registry of LEFTFOLD_REGISTRY_URL does not answer as one (${reasonOf(cause)}); start it, correct its base path, or unset the variable to have one started`,
      { cause },
    );
  });
  return { origin: 'given', url, pid: undefined, dataDir: undefined, stop: () => Promise.resolve() };
}

function reasonOf(error: unknown): string {
  // What `fetch` says is only that it failed; the cause says how.
  const { cause } = error as { cause?: unknown };
  return [error, cause].flatMap((each) => (each instanceof Error ? [each.message] : [])).join(': ');
}
