import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { trackedFiles } from './tracked-files.ts';

/** The fields of a package.json that say what a package needs. */
export interface Manifest {
  readonly name: string;
  /** By entry point: `.`, `./terminus`. */
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A folder with its own package.json below the root. */
export interface Workspace {
  /** Relative to the root: `packages/core`, `infra`. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly sources: readonly SourceFile[];
}

/** A file of TypeScript or JavaScript. */
export interface SourceFile {
  /** Relative to the root. */
  readonly path: string;
  /** False for what ships or runs as the program: everything under `src` but the tests beside it. */
  readonly isForTests: boolean;
}

/** The places that pnpm-workspace.yaml names. */
const manifests = /^((packages|apps)\/[^/]+|infra|test|test\/bench)\/package\.json$/;

/** Reads a package.json. */
export function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
}

/** Every package, app and tool folder of the workspace with its sources. */
export function workspacesIn(root: string): readonly Workspace[] {
  const files = trackedFiles(root);
  const folders = files.filter((file) => manifests.test(file)).map((file) => dirname(file));
  return folders.map((folder) => ({
    folder,
    manifest: readManifest(join(root, folder, 'package.json')),
    sources: files
      .filter((file) => ownerOf(file, folders) === folder && /\.[cm]?[jt]s$/.test(file))
      .map((path) => ({ path, isForTests: !path.startsWith(`${folder}/src/`) || path.endsWith('.test.ts') })),
  }));
}

/** One workspace may lie in another; a file belongs to the innermost. */
function ownerOf(file: string, folders: readonly string[]): string | undefined {
  const around = folders.filter((folder) => file.startsWith(`${folder}/`));
  return around.toSorted((a, b) => b.length - a.length)[0];
}
