import { dirname, join, normalize } from 'node:path';
import type { Gate } from './gate.ts';
import { importsOf, packageOf } from './imports.ts';
import { workspacesIn, type SourceFile, type Workspace } from './workspaces.ts';

/** What each room may import from the others; ARCHITECTURE.md draws the same. `apps` and `test` may import all. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  'packages/core': [],
  'packages/subscriptions': ['core'],
  'packages/memory': ['core', 'subscriptions'],
  'packages/postgres': ['core', 'subscriptions'],
  'packages/kafka': ['core', 'subscriptions'],
  'packages/avro': ['core', 'subscriptions'],
  'packages/testing': ['core', 'subscriptions', 'memory'],
  'packages/nestjs': ['core', 'subscriptions'],
  infra: [],
};

/** What an entry point of a package may import besides, by its folder: it is made for the tests of applications. */
const entryPoints: Readonly<Record<string, readonly string[]>> = {
  'packages/nestjs/src/testing/': ['memory', 'testing'],
};

/** What the tests of a package may import besides. */
const forTests = ['testing', 'memory', 'infra', 'avro'];

/** Packages import only what the picture allows, by the package's name and through a door that its package.json has. */
export const boundaries: Gate = {
  name: 'boundaries',
  check(root) {
    const workspaces = workspacesIn(root);
    const apps = workspaces.filter(({ folder }) => folder.startsWith('apps/')).map(({ manifest }) => manifest.name);
    const doors = new Set(
      workspaces.flatMap(({ manifest: { name, exports = {} } }) =>
        Object.keys(exports).map((entry) => `${name}${entry.slice(1)}`),
      ),
    );
    const findings: string[] = [];
    let checked = 0;
    for (const workspace of workspaces) {
      const isFree = /^(test|apps)(\/|$)/.test(workspace.folder);
      if (!isFree && rooms[workspace.folder] === undefined) {
        findings.push(`${workspace.folder} has no place in the picture; give it one in infra/checks/boundaries.ts`);
      }
      for (const file of workspace.sources) {
        checked++;
        for (const { specifier, line } of importsOf(root, file.path)) {
          const fault = faultOf(specifier, file, workspace, { apps, doors });
          if (fault !== undefined) findings.push(`${file.path}:${line} imports ${specifier}: ${fault}`);
        }
      }
    }
    return Promise.resolve({ checked, findings });
  },
};

function faultOf(
  specifier: string,
  file: SourceFile,
  workspace: Workspace,
  { apps, doors }: { readonly apps: readonly string[]; readonly doors: ReadonlySet<string> },
): string | undefined {
  const { folder, manifest } = workspace;
  if (specifier.startsWith('.')) {
    const target = normalize(join(dirname(file.path), specifier)).replaceAll('\\', '/');
    // An app exports nothing, so that is how the tests of the sample reach its parts.
    if (folder === 'test' && target.startsWith('apps/')) return undefined;
    if (!target.startsWith(`${folder}/`)) return 'another package is reached by its name, not by a path';
    const isOfTests = target.endsWith('.test.ts') || target.startsWith(`${folder}/test/`);
    return isOfTests && !file.isForTests ? 'the program does not use its tests' : undefined;
  }
  if (folder === 'packages/core' && !file.isForTests) return 'core imports nothing, not even from Node';
  if (!specifier.startsWith('@leftfold/')) return undefined;
  const name = packageOf(specifier);
  if (specifier !== name && !doors.has(specifier)) return 'only what a package exports is its interface';
  if (name === manifest.name) return file.isForTests ? undefined : 'own files are imported by their relative path';
  if (apps.includes(name)) return folder === 'test' ? undefined : 'nobody builds on an app';
  const [, besides = []] = Object.entries(entryPoints).find(([entry]) => file.path.startsWith(entry)) ?? [];
  const allowed = [...(rooms[folder] ?? []), ...besides, ...(file.isForTests ? forTests : [])];
  const isFree = /^(test|apps)(\/|$)/.test(folder);
  if (isFree || allowed.some((room) => name === `@leftfold/${room}`)) return undefined;
  return `${folder} may import ${allowed.map((room) => `@leftfold/${room}`).join(', ') || 'no other package'}`;
}
