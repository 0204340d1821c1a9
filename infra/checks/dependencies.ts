import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import type { Gate } from './gate.ts';
import { importsOf, packageOf } from './imports.ts';
import { readManifest, workspacesIn, type Workspace } from './workspaces.ts';

/** Needed without being imported. */
const neededUnseen: Readonly<Record<string, string>> = {
  '@nestjs/platform-express': 'Nest loads its HTTP adapter by name',
  'reflect-metadata': 'what Nest asks for beside itself',
  rxjs: 'what Nest asks for beside itself',
};

/** A package declares what it imports, for production what the program imports, and nothing else. */
export const dependencies: Gate = {
  name: 'dependencies',
  check(root) {
    const shared = Object.keys(readManifest(join(root, 'package.json')).devDependencies ?? {});
    const findings: string[] = [];
    let checked = 0;
    for (const workspace of workspacesIn(root)) {
      checked++;
      findings.push(...findingsOf(root, workspace, shared));
    }
    return Promise.resolve({ checked, findings });
  },
};

function findingsOf(root: string, { folder, manifest, sources }: Workspace, shared: readonly string[]): string[] {
  const needed = Object.keys({
    ...manifest.dependencies,
    ...manifest.peerDependencies,
    ...manifest.optionalDependencies,
  });
  const declared = [...needed, ...Object.keys(manifest.devDependencies ?? {})];
  const imported = new Set<string>();
  const findings: string[] = [];
  for (const file of sources) {
    for (const { specifier, line } of importsOf(root, file.path)) {
      const name = packageOf(specifier);
      if (specifier.startsWith('.') || isBuiltin(specifier) || name === manifest.name) continue;
      imported.add(name);
      const isDeclared = file.isForTests ? [...declared, ...shared].includes(name) : needed.includes(name);
      const where = file.isForTests ? 'dependencies or devDependencies' : 'dependencies or peerDependencies';
      if (!isDeclared) findings.push(`${file.path}:${line} imports ${name}, which is not in the ${where} of ${folder}`);
    }
  }
  const texts = sources.map((file) => readFileSync(join(root, file.path), 'utf8'));
  for (const name of new Set(declared)) {
    const isUsed =
      name in neededUnseen ||
      imported.has(name.replace(/^@types\//, '')) ||
      // `require.resolve('x')` and the like.
      texts.some((text) => text.includes(`'${name}'`));
    if (!isUsed) findings.push(`${folder}/package.json declares ${name}, and nothing in ${folder} uses it`);
  }
  return findings;
}
