import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { InfraError } from './infra-error.ts';

/** The numbers of a user account. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account to run Postgres as, because it refuses to run as root: `nobody` when this process is root, else
 * `undefined`, which means "as we are". No account is created on the machine.
 *
 * @throws {@link InfraError} `LF_INFRA_NO_POSTGRES` when we are root and there is no `nobody`.
 */
export function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  try {
    const ask = (flag: string): number =>
      Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8', stdio: 'pipe' }));
    return { uid: ask('-u'), gid: ask('-g') };
  } catch (cause) {
    throw new InfraError(
      'LF_INFRA_NO_POSTGRES',
      'Postgres refuses to run as root and this machine has no account "nobody" to run it as; run as another user, or set LEFTFOLD_POSTGRES_URL',
      { cause },
    );
  }
}

/** True when every account may pass through the folders above `path`: false below `/root` or in a private home folder. */
export function isReachableByAll(path: string): boolean {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
