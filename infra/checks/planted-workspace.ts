import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const settings = ['.oxfmtrc.json', '.oxlintrc.json', 'knip.json'];

/** A workspace of a few files, to see a gate fail on it; deleted when it goes out of scope. */
export interface PlantedWorkspace extends Disposable {
  readonly root: string;
}

/** Makes a git repository with the settings of this one and the given files: path → text. */
export function plant(files: Readonly<Record<string, string>>): PlantedWorkspace {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'leftfold-planted-')));
  const here = join(import.meta.dirname, '..', '..');
  for (const file of settings) copyFileSync(join(here, file), join(root, file));
  for (const [file, text] of Object.entries({ 'package.json': '{\n  "name": "planted"\n}\n', ...files })) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  execFileSync('git', ['init', '--quiet'], { cwd: root });
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}
