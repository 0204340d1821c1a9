import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { InfraError } from './infra-error.ts';
import { watch } from './watchdog.ts';

/** Where downloads are kept from run to run, outside the checkout: `$LEFTFOLD_CACHE`, `$XDG_CACHE_HOME/leftfold`, `~/.cache/leftfold`. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const own = env['LEFTFOLD_CACHE'];
  // Servers and Maven have working folders of their own.
  if (own !== undefined && own !== '') return resolve(own);
  const shared = env['XDG_CACHE_HOME'];
  return join(shared === undefined || shared === '' ? join(homedir(), '.cache') : shared, 'leftfold');
}

/**
 * Resolves with `path` once it exists, building it when it does not. `build` gets an empty work folder on the same disk
 * and resolves with the file or folder in it that shall become `path`.
 *
 * What is at `path` is always whole: it comes by one rename. Processes that build at the same time do the work twice,
 * the first wins, and nobody waits for a lock that a killed process left. A work folder never outlives its process.
 *
 * @throws {@link InfraError} `LF_INFRA_BAD_SETTING` when nothing can be written there; what `build` throws.
 */
export async function buildOnce(path: string, build: (work: string) => Promise<string>): Promise<string> {
  if (existsSync(path)) return path;
  const work = await workFolder(path).catch((cause: unknown) => {
    throw new InfraError(
      'LF_INFRA_BAD_SETTING',
      `nothing can be written to the cache ${dirname(path)} (${(cause as NodeJS.ErrnoException).code}); set LEFTFOLD_CACHE to a folder that this account may write`,
      { cause },
    );
  });
  const release = watch({ kind: 'folder', path: work });
  try {
    const built = await build(work);
    await rename(built, path).catch((error: unknown) => {
      // A folder cannot be renamed over one with content: somebody else was first, with the same content.
      if (!existsSync(path)) throw error;
    });
    return path;
  } finally {
    await rm(work, { recursive: true, force: true });
    release();
  }
}

async function workFolder(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  return await mkdtemp(`${path}.partial-`);
}
