import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, test } from 'vitest';
import { fileRegistry } from '@leftfold/avro';
import { registryCases } from './registry-conformance.ts';

const folder = mkdtempSync(join(tmpdir(), 'leftfold-texts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const rules = join(folder, 'compatibility.json');
writeFileSync(rules, '{"subjects":{}}');

const cases = registryCases({
  open: () => fileRegistry(folder),
  notesOnce: true,
  setRule: (subject, rule) => {
    const { subjects } = JSON.parse(readFileSync(rules, 'utf8')) as { subjects: Record<string, string> };
    writeFileSync(rules, JSON.stringify({ subjects: { ...subjects, [subject]: rule } }));
    return Promise.resolve();
  },
});
test.each(cases)('a folder: $title', async ({ run }) => run());
