import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Gate } from './gate.ts';
import { trackedFiles } from './tracked-files.ts';

/** What stands in no file, by pattern, and why. */
const forbidden: readonly { readonly pattern: RegExp; readonly files: RegExp; readonly why: string }[] = [
  {
    pattern: /(?<=^|[\s"'`(=:])(\/(home|root|Users|work|workspace|mnt|private|var\/folders)\/[\w.-]+|[A-Z]:\\\\?\w+)/,
    files: /./,
    why: 'is a path of one machine',
  },
  {
    pattern:
      /\b(registry\.(npmjs|yarnpkg)|npm\.pkg\.github|repo1?\.maven|(?<=\/\/)[\w.-]*(artifactory|nexus|npmmirror|verdaccio)[\w.-]*)\b/,
    files: /./,
    why: 'is the host of a registry; clients know theirs',
  },
  {
    pattern: /\b(describe|suite|test|it)(\.\w+)*\.(only|skip|todo|skipIf|runIf|fails)\b|\b(ctx|context|t)\.skip\(/,
    files: /\.[cm]?ts$/,
    why: 'leaves tests out; a skipped test is a defect',
  },
  {
    pattern: /\b(oxlint|eslint)-(disable|enable)|@ts-(ignore|nocheck)\b|\b(oxfmt|prettier)-ignore\b/,
    files: /\.[cm]?[jt]s$/,
    why: 'silences a check',
  },
];

/** No tracked file holds a path of a machine, the host of a registry, a test left out or a check silenced. */
export const texts: Gate = {
  name: 'texts',
  check(root) {
    const files = trackedFiles(root);
    const findings: string[] = [];
    for (const file of files) {
      const text = readFileSync(join(root, file), 'utf8');
      const rules = forbidden.filter((rule) => rule.files.test(file) && rule.pattern.test(text));
      if (rules.length === 0) continue;
      for (const [index, line] of text.split('\n').entries()) {
        for (const { pattern, why } of rules) {
          const match = pattern.exec(line);
          if (match !== null) findings.push(`${file}:${index + 1} '${match[0]}' ${why}`);
        }
      }
    }
    return Promise.resolve({ checked: files.length, findings });
  },
};
