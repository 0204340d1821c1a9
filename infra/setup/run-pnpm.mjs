import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetUpError } from './set-up-error.mjs';

/** How often a line tells that the download goes on. */
const progressMs = 15_000;

/**
 * What npm and pnpm print when they fail, most telling first, and what it means.
 *
 * @type {readonly { readonly sign: RegExp, readonly sentence: string, readonly remedy: string }[]}
 */
const failures = [
  {
    sign: /ENOSPC|no space left/i,
    sentence: 'The disk is full, so the packages could not be installed.',
    remedy: 'free about 2 GB and run the command again.',
  },
  {
    sign: /SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_|certificate/i,
    sentence: 'The package registry was reached, but its certificate is not trusted here.',
    remedy: "let NODE_EXTRA_CA_CERTS (and npm's `cafile`) name your certificates and run the command again.",
  },
  {
    sign: /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|SOCKET_TIMEOUT|error sending request|dns error/,
    sentence: 'The packages could not be downloaded: the package registry does not answer.',
    remedy: 'check the network and the proxy settings (`npm ping`) and run the command again.',
  },
  {
    sign: /OUTDATED_LOCKFILE|lockfile don't match|frozen-lockfile/i,
    sentence: 'pnpm-lock.yaml does not fit the package.json files.',
    remedy: 'run `npx -y pnpm@VERSION install` and commit the lockfile.',
  },
  {
    sign: /EACCES|EPERM|permission denied/i,
    sentence: 'The packages could not be written.',
    remedy: "make the project's folder and your home folder writable and run the command again.",
  },
];

/**
 * Runs the pnpm that `packageManager` pins, from npm's cache or the registry. What it prints goes into
 * `.leftfold/set-up.log`; every quarter of a minute a line tells that it goes on.
 *
 * @param {string} root
 * @param {readonly string[]} args
 * @returns {Promise<void>}
 * @throws {SetUpError} when it cannot be had, or fails
 */
export async function runPnpm(root, args) {
  const version = pinnedPnpm(root);
  const log = join(root, '.leftfold', 'set-up.log');
  try {
    mkdirSync(join(root, '.leftfold'), { recursive: true });
  } catch (error) {
    throw new SetUpError(
      `The folder of the project cannot be written to (${String(error)}).`,
      'clone it as the user you are.',
    );
  }
  console.error(`Set-up: pnpm ${version} ${args.join(' ')} (the first time it takes about a minute) …`);

  const started = Date.now();
  const { code, error, output } = await run(root, ['--yes', `pnpm@${version}`, ...args]);
  writeFileSync(log, output);
  if (error !== undefined) {
    throw new SetUpError(
      `npx, which comes with npm, could not be started (${error.message}).`,
      'install npm beside Node (both are in the download of nodejs.org) and run the command again.',
    );
  }
  if (code !== 0) {
    const known = failures.find(({ sign }) => sign.test(output));
    throw new SetUpError(
      known?.sentence ?? `pnpm ${version} ${args[0]} failed with exit code ${code}.`,
      `${known?.remedy.replace('VERSION', version) ?? 'run the command again.'} (Details: ${log})`,
    );
  }
  console.error(`Set-up: done in ${Math.round((Date.now() - started) / 1000)} s.`);
}

/**
 * The version that `packageManager` of the workspace names.
 *
 * @param {string} root
 * @returns {string}
 */
export function pinnedPnpm(root) {
  const text = readFileSync(join(root, 'package.json'), 'utf8');
  const { packageManager } = /** @type {{ packageManager?: string }} */ (JSON.parse(text));
  const version = /^pnpm@(\d+\.\d+\.\d+)/.exec(packageManager ?? '')?.[1];
  if (version !== undefined) return version;
  throw new SetUpError('package.json pins no pnpm.', 'let `packageManager` name one version, as in pnpm@12.21.0.');
}

/**
 * @param {string} root
 * @param {readonly string[]} args
 * @returns {Promise<{ code: number | null, error: Error | undefined, output: string }>}
 */
function run(root, args) {
  const child = spawn('npx', args, {
    cwd: root,
    env: environment(root),
    stdio: ['ignore', 'pipe', 'pipe'],
    // On Windows npx is a script of the shell.
    shell: process.platform === 'win32',
  });
  let output = '';
  const add = (/** @type {Buffer} */ chunk) => void (output += chunk.toString());
  child.stdout.on('data', add);
  child.stderr.on('data', add);
  const progress = setInterval(() => {
    const line = output
      .trimEnd()
      .split(/[\r\n]+/)
      .at(-1);
    console.error(`Set-up: … ${line?.slice(0, 100) ?? ''}`);
  }, progressMs);
  return new Promise((resolve) => {
    const end = (/** @type {number | null} */ code, /** @type {Error | undefined} */ error) => {
      clearInterval(progress);
      resolve({ code, error, output });
    };
    child.on('error', (error) => end(null, error));
    child.on('close', (code) => end(code, undefined));
  });
}

/**
 * @param {string} root
 * @returns {NodeJS.ProcessEnv}
 */
function environment(root) {
  const env = {
    // By default npm waits 70 seconds between its three attempts before it says that there is no network, and pnpm as
    // long for each of some hundred packages.
    npm_config_fetch_retry_mintimeout: '1000',
    npm_config_fetch_retry_maxtimeout: '3000',
    pnpm_config_fetch_retry_mintimeout: '1000',
    pnpm_config_fetch_retry_maxtimeout: '3000',
    ...process.env,
    // No question, no update notice, no colours in the log.
    CI: 'true',
    NO_COLOR: '1',
    npm_config_update_notifier: 'false',
  };
  // `npm --prefix <folder>` hands on its prefix, and with it a global configuration that is not there: the npm inside
  // would install into the folder, and not know the certificates or the proxy of this machine.
  for (const name of Object.keys(env)) {
    const isPrefix = /^npm_config_(local_|global_)?prefix$/i.test(name);
    const isBelow = /^npm_config_globalconfig$/i.test(name) && process.env[name]?.startsWith(root);
    if (isPrefix || isBelow) Reflect.deleteProperty(env, name);
  }
  return env;
}
