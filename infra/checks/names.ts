import { basename, dirname } from 'node:path';
import type { Gate } from './gate.ts';
import { trackedFiles } from './tracked-files.ts';

/** Words that name no concept: what lies under them is found by nobody. */
const emptyWords = /^(common|types|interfaces|misc|(.+-)?(utils?|helpers?|managers?|services?|impl)(-.+)?)$/;

const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** Names that tools or readers ask for: README.md, LICENSE, .gitkeep. */
const givenNames = /^([A-Z]+(\.md)?|\..+)$/;

/** Tests of types are named after what they test. */
const rightSo = ['test/types'];

/** Released schemas lie under the names of their Avro records. */
const recordName = /^apps\/[^/]+\/schemas\/[\w.]+$/;

/** Files and folders are named in kebab-case after the one thing in them; `index.ts` stands only at a package's root. */
export const names: Gate = {
  name: 'names',
  check(root) {
    const files = trackedFiles(root).filter((file) => /^(packages|apps|infra|test|docs)\//.test(file));
    const findings = new Set<string>();
    for (const file of files) {
      // A name may have facets, as in main.api.ts or schema.avro.test.ts; each is a word of its own.
      const parts = givenNames.test(basename(file)) ? [] : basename(file).split('.');
      if (!parts.every((part) => kebabCase.test(part))) findings.add(`${file} is not in kebab-case`);
      if (parts.some((part) => emptyWords.test(part))) findings.add(`${file} is named after no concept`);
      if (parts[0] === 'index' && !/^([^/]+\/)?[^/]+\/src\/index\.ts$/.test(file)) {
        findings.add(`${file} is an index that is not at the root of a package`);
      }
      for (let folder = dirname(file); folder !== '.'; folder = dirname(folder)) {
        const word = basename(folder);
        if (!kebabCase.test(word) && !recordName.test(folder)) findings.add(`${folder}/ is not in kebab-case`);
        if (emptyWords.test(word) && !rightSo.includes(folder)) findings.add(`${folder}/ is named after no concept`);
      }
    }
    return Promise.resolve({ checked: files.length, findings: [...findings] });
  },
};
