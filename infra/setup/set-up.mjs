import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFault } from './find-fault.mjs';
import { pinnedPnpm, runPnpm } from './run-pnpm.mjs';

/**
 * Installs the pinned packages with the pinned pnpm unless that was done for this lockfile on this platform, and
 * resolves with the path of the pinned Node. Costs a few milliseconds when there is nothing to do. Not for concurrent
 * use in one folder.
 *
 * @param {string} root the folder of the workspace
 * @returns {Promise<string>}
 * @throws {import('./set-up-error.mjs').SetUpError} when the packages cannot be had or do not work here
 */
export async function setUp(root) {
  const stampFile = join(root, 'node_modules', '.leftfold-set-up');
  const stamp = stampOf(root);
  const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp && existsSync(node)) return node;

  await runPnpm(root, ['install', '--frozen-lockfile']);
  if (findFault(root, node) !== undefined) {
    // `pnpm install` does not repeat the install scripts of a package that is already there; a store filled under
    // `ignore-scripts` leaves it without what they make.
    await runPnpm(root, ['rebuild', '--no-ignore-scripts']);
    const fault = findFault(root, node);
    if (fault !== undefined) throw fault;
  }
  writeFileSync(stampFile, stamp);
  return node;
}

/**
 * What the installed packages follow from.
 *
 * @param {string} root
 */
function stampOf(root) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} pnpm ${pinnedPnpm(root)}\n`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}
