import { expect, test } from 'vitest';
import { plant } from './planted-workspace.ts';
import { unused } from './unused.ts';

const files = {
  'pnpm-workspace.yaml': 'packages: [packages/*]\n',
  'packages/core/package.json': JSON.stringify({
    name: '@leftfold/core',
    type: 'module',
    exports: { '.': { 'leftfold:source': './src/index.ts', default: './dist/index.js' } },
  }),
  'packages/core/src/index.ts': "export { used } from './used.ts';\n",
  'packages/core/src/used.ts': "import { a } from './inner.ts';\nexport const used: number = a;\n",
  'packages/core/src/inner.ts': 'export const a = 1;\n',
};

test('a file that nothing reaches is reported', async () => {
  using workspace = plant({ ...files, 'packages/core/src/left-over.ts': 'export const b = 1;\n' });
  const { findings } = await unused.check(workspace.root);
  expect(findings).toEqual(['packages/core/src/left-over.ts is reached from no entry']);
});

test('an export that nothing imports is reported', async () => {
  using workspace = plant({ ...files, 'packages/core/src/inner.ts': 'export const a = 1;\nexport const b = 2;\n' });
  const { findings } = await unused.check(workspace.root);
  expect(findings).toEqual(['packages/core/src/inner.ts has b in exports, and nothing uses it']);
});

test('a workspace in which everything is used is not reported', async () => {
  using workspace = plant(files);
  expect(await unused.check(workspace.root)).toEqual({ checked: 3, findings: [] });
});
