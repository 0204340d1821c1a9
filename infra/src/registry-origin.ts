import { InfraError } from './infra-error.ts';
import { javaWithMaven, type JavaOrigin, type NoOrigin } from './java-with-maven.ts';
import { registryFolder } from './registry-download.ts';

/** Where a schema registry can come from on this machine. */
export type RegistryOrigin =
  /** One that somebody else runs: `LEFTFOLD_REGISTRY_URL`. */
  | { readonly kind: 'given'; readonly url: string }
  /** Java ≥ 17 with Maven, or with an earlier download. */
  | JavaOrigin
  /** Nowhere: one sentence why, and one what to do. */
  | NoOrigin;

/** What may be asked of {@link findRegistry}. */
export interface FindRegistryOptions {
  /** True: not the given one, because its settings will be changed. Default false. */
  readonly own?: boolean;
  /** Default `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
}

const REMEDY =
  'install Java 17 or newer with Maven, or set LEFTFOLD_REGISTRY_URL to a Confluent-compatible registry that runs';

/**
 * Looks, without starting or downloading anything, where a schema registry comes from: `LEFTFOLD_REGISTRY_URL` (`http(s)://user:password@host:port/base`), else
 * Java, else nowhere.
 *
 * @throws {@link InfraError} `LF_INFRA_BAD_SETTING` when the variable is no such URL.
 */
export async function findRegistry(options: FindRegistryOptions = {}): Promise<RegistryOrigin> {
  const env = options.env ?? process.env;
  const given = env['LEFTFOLD_REGISTRY_URL'];
  if (given !== undefined && given !== '' && options.own !== true) return { kind: 'given', url: registryUrl(given) };
  const missing = 'there is no schema registry: LEFTFOLD_REGISTRY_URL is not set and ';
  return await javaWithMaven({ missing, name: 'Apicurio', folder: registryFolder(env), remedy: REMEDY }, env);
}

function registryUrl(value: string): string {
  const url = URL.parse(value);
  if (url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') {
    return url.href.replace(/\/+$/, '');
  }
  // The value may hold a password, so it is not repeated.
  throw new InfraError(
    'LF_INFRA_BAD_SETTING',
    'LEFTFOLD_REGISTRY_URL is no URL of a registry; it should read http://host:port/base, as http://127.0.0.1:8080/apis/ccompat/v7',
  );
}
