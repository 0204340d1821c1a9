import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Catalogue, t } from '@leftfold/core';
import type { ReleaseFinding } from '../release-finding.ts';
import { eventNamedBy, eventOfSubject } from '../released-versions.ts';
import { textFiles } from './text-files.ts';
import { goldenPath, readGolden } from './golden-file.ts';
import { textFingerprint } from './released-corpus.ts';

/**
 * Released texts that are gone from a folder or were edited, by what golden files tell of them: their own, and those of earlier texts, which have results by the names of later
 * ones. So a text that goes with its golden file and its definition is missed as well. Of what no other file names, the contracts tell (`goneByContracts`), or the history alone (`changedSince`). Reads only.
 */
export async function keptTexts({ events }: Catalogue, folder: string): Promise<readonly ReleaseFinding[]> {
  const files = textFiles(folder);
  const found = new Map<string, ReleaseFinding>();
  const there = new Set(
    files.filter(({ hasText }) => hasText).map(({ subject, revision }) => `${subject}/${revision}`),
  );
  const tell = (text: string, message: string, remedy: string): void => {
    const [subject = '', revision = ''] = text.split('/');
    const known = eventOfSubject(subject, events);
    found.set(text, {
      kind: 'golden-changed',
      event: subject,
      ...(known ? { event: known.type.type, version: known.version } : eventNamedBy(subject)),
      subject,
      revision: Number(revision),
      rule: 'golden-changed',
      message,
      remedy,
    });
  };
  const gone = (text: string, told: string): void => {
    const revision = text.slice(text.lastIndexOf('/') + 1);
    const remedy = `bring ${revision}.avsc back as it was committed; events of it stay in the log for ever`;
    tell(text, `revision ${revision} was released, and its text is gone${told}`, remedy);
  };
  for (const { subject, revision, hasText } of files) {
    const text = `${subject}/${revision}`;
    if (!hasText) gone(text, '');
    const golden = await readGolden(goldenPath(folder, subject, revision));
    if (golden === undefined || golden === 'invalid') continue;
    if (hasText && golden.fingerprint !== (await fingerprintIn(join(folder, subject, `${revision}.avsc`))))
      tell(
        text,
        `the text ${revision}.avsc is not the one that this was written for`,
        'bring both files back as they were committed; a change is a further revision, which push writes',
      );
    for (const target of new Set(golden.samples.flatMap(({ as }) => Object.keys(as))))
      if (!there.has(target) && !found.has(target)) gone(target, `; ${text} has results of it`);
  }
  return [...found.values()].toSorted((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0));
}

async function fingerprintIn(path: string): Promise<string | undefined> {
  try {
    return textFingerprint(JSON.parse(await readFile(path, 'utf8')) as t.Json);
  } catch {
    // The registry names a file that is no JSON.
    return undefined;
  }
}
