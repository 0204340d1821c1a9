import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The files of the workspace as git sees them: tracked, or new and not ignored; paths relative to `root` with forward
 * slashes, sorted. `root` must be the top of a git repository.
 */
export function trackedFiles(root: string): readonly string[] {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const files = new Set(list.split('\0').filter((file) => file !== '' && existsSync(join(root, file))));
  return [...files].toSorted();
}
