import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The folder with `initdb` and `postgres` of a major version: what a `pg_config` on the path says, a folder of the path, or where Debian puts it.
 * `undefined`: nowhere.
 */
export function findPostgres(version: number): string | undefined {
  const path = (process.env['PATH'] ?? '').split(delimiter);
  const configs = path.map((folder) => join(folder, 'pg_config')).filter((file) => existsSync(file));
  const folders = [
    ...configs.flatMap((file) => said(file, '--bindir') ?? []),
    ...path,
    join('/usr/lib/postgresql', String(version), 'bin'),
  ];
  return folders.find((folder) => {
    const server = join(folder, 'postgres');
    if (!existsSync(server) || !existsSync(join(folder, 'initdb'))) return false;
    return new RegExp(String.raw`\) ${version}\b`).test(said(server, '--version') ?? '');
  });
}

function said(program: string, flag: string): string | undefined {
  try {
    return execFileSync(program, [flag], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    // Not what it seems to be, or not for us: then it is not what is looked for.
    return undefined;
  }
}
