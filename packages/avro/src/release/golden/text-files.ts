import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A released text by the names of its files. */
export interface TextFiles {
  readonly subject: string;
  readonly revision: number;
  /** False: only its golden file is there. */
  readonly hasText: boolean;
}

/** The texts that a folder has or had, by the names of its files, in order. At once, since test cases are made of them; a folder that is not there has none. */
export function textFiles(folder: string): readonly TextFiles[] {
  return list(folder).flatMap((subject) => {
    const files = list(join(folder, subject));
    const revisions = files.flatMap((file) => /^([1-9][0-9]*)\.(?:avsc|golden\.json)$/.exec(file)?.[1] ?? []);
    return [...new Set(revisions.map(Number))]
      .toSorted((a, b) => a - b)
      .map((revision) => ({ subject, revision, hasText: files.includes(`${revision}.avsc`) }));
  });
}

function list(path: string): readonly string[] {
  try {
    return readdirSync(path).toSorted();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
