import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { isDeepStrictEqual, promisify } from 'node:util';
import type { Catalogue } from '@leftfold/core';
import { spellingOf } from '../registry/same-text.ts';
import { parseGolden, type GoldenFile } from './golden/golden-file.ts';
import { UsageError } from './program-arguments.ts';
import type { ReleaseFinding, ReleaseFindingKind } from './release-finding.ts';
import { eventNamedBy, eventOfSubject } from './released-versions.ts';

const run = promisify(execFile);
const FILE = /^([^/]+)\/([1-9][0-9]*)\.(avsc|golden\.json)$/;

/**
 * What git has of a folder of released texts at the point where this branch left `commit`, and the working tree has no more, or otherwise: texts, samples, results. The folder
 * alone cannot tell of a text that went with everything that names it, or was edited and sampled anew. Asks git, which changes nothing; new files are none of its affair.
 * @param commit as `origin/main`; a checkout must have it, and the history up to the fork
 * @throws {@link UsageError} when git does not know it, or this is no checkout
 */
export async function changedSince(
  commit: string,
  { events }: Catalogue,
  folder: string,
): Promise<readonly ReleaseFinding[]> {
  const [parent, name] = [dirname(resolve(folder)), basename(resolve(folder))];
  const git = async (...args: readonly string[]): Promise<string> => {
    const options = { cwd: parent, maxBuffer: 2 ** 30 };
    const ran = await run('git', ['--literal-pathspecs', ...args], options).catch((error: unknown) => {
      const why = String((error as { readonly stderr?: unknown }).stderr || error).trim();
      throw new UsageError(`--since ${commit}: git has no common history with it here (${why}); fetch it whole`);
    });
    return ran.stdout;
  };
  const id = await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`);
  const base = (await git('merge-base', 'HEAD', id.trim())).trim();
  const then = await git('ls-tree', '-r', '--name-only', '-z', base, '--', name);
  const differing = await git('diff', '--name-only', '--no-renames', '--relative', '-z', base, '--', name);
  const changed = new Set(differing.split('\0'));
  const found: ReleaseFinding[] = [];
  // What was not there then is new.
  for (const path of then.split('\0').filter((one) => changed.has(one))) {
    const [, subject = '', digits = '', kind] = FILE.exec(path.slice(name.length + 1)) ?? [];
    if (kind === undefined) continue;
    const before = await git('show', `${base}:./${path}`);
    const after = await readFile(join(parent, path), 'utf8').catch(() => undefined);
    const why = kind === 'avsc' ? editedText(before, after) : lostResults(before, after);
    if (why === undefined) continue;
    const rule: ReleaseFindingKind = kind === 'avsc' ? 'text-changed' : 'golden-changed';
    const known = eventOfSubject(subject, events);
    found.push({
      kind: rule,
      event: subject,
      ...(known ? { event: known.type.type, version: known.version } : eventNamedBy(subject)),
      subject,
      revision: Number(digits),
      rule,
      message: `${kind === 'avsc' ? 'the text' : 'the golden file'} ${why} since ${commit}`,
      remedy: `bring it back as it was: git checkout ${base.slice(0, 12)} -- ${relative(process.cwd(), join(parent, path))}`,
    });
  }
  return found;
}

function editedText(before: string, after: string | undefined): string | undefined {
  if (after === undefined) return 'was released and is gone';
  return spellingOf(after) === spellingOf(before) ? undefined : 'was released and was edited';
}

function lostResults(before: string, after: string | undefined): string | undefined {
  if (after === undefined) return 'is gone';
  const [then, now] = [parseGolden(before), parseGolden(after)];
  // What was broken there is told, or mended, here.
  if (then === 'invalid' || now === 'invalid') return undefined;
  const lost = then.samples.find((sample) => !hasSample(now, sample));
  return lost && `lost or changed the sample ${lost.name}`;
}

/** Results are added, never changed. */
function hasSample({ samples }: GoldenFile, { name, json, avro, as }: GoldenFile['samples'][number]): boolean {
  const now = samples.find((one) => one.name === name);
  if (now === undefined || now.avro !== avro || !isDeepStrictEqual(now.json, json)) return false;
  return Object.entries(as).every(([text, result]) => isDeepStrictEqual(now.as[text], result));
}
