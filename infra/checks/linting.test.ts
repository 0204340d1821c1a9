import { expect, test } from 'vitest';
import { linting } from './linting.ts';
import { plant } from './planted-workspace.ts';

const project = {
  'packages/core/tsconfig.json': JSON.stringify({
    compilerOptions: {
      strict: true,
      module: 'nodenext',
      target: 'es2024',
      allowImportingTsExtensions: true,
      noEmit: true,
    },
    include: ['src'],
  }),
};

test.each([
  ['no-floating-promises', 'export async function a(): Promise<void> {}\na();\n'],
  ['no-misused-promises', 'export const a = (b: () => Promise<void>): void => [1].forEach(b);\n'],
  ['no-unsafe-member-access', "export const a: unknown = JSON.parse('1').b;\n"],
  ['switch-exhaustiveness-check', 'export function a(b: 1 | 2): void {\n  switch (b) {\n    case 1:\n  }\n}\n'],
  ['no-explicit-any', 'export const a = (b: any): void => undefined;\n'],
  ['no-unused-vars', 'const a = 1;\nexport {};\n'],
  ['no-console', "console.log('hello');\nexport {};\n"],
  ['no-default-export', 'export default 1;\n'],
  ['no-cycle', "import { b } from './b.ts';\nexport const a = (): number => b();\n"],
])('%s is seen to be broken', async (rule, text) => {
  using workspace = plant({
    ...project,
    'packages/core/src/a.ts': text,
    'packages/core/src/b.ts': "import { a } from './a.ts';\nexport const b = (): number => Number(a);\n",
  });
  const { findings } = await linting.check(workspace.root);
  expect(findings).toContainEqual(expect.stringMatching(`^packages/core/src/[ab]\\.ts:\\d+:\\d+ \\S+\\(${rule}\\) `));
});

test('a sound file is not reported', async () => {
  using workspace = plant({ ...project, 'packages/core/src/a.ts': 'export const a = (b: number): number => b + 1;\n' });
  expect(await linting.check(workspace.root)).toEqual({ checked: 1, findings: [] });
});
