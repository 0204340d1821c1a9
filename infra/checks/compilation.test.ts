import { expect, test } from 'vitest';
import { compilation } from './compilation.ts';
import { plant } from './planted-workspace.ts';

const project = (reference: string) => ({
  'tsconfig.json': JSON.stringify({ files: [], references: [{ path: reference }] }),
  'packages/core/tsconfig.json': JSON.stringify({
    compilerOptions: { strict: true, composite: true, outDir: 'dist', rootDir: 'src', types: [] },
    include: ['src'],
  }),
});

test('an error of types is reported', async () => {
  using workspace = plant({
    ...project('packages/core'),
    'packages/core/src/a.ts': "export const a: number = 'text';\n",
  });
  const { findings } = await compilation.check(workspace.root);
  expect(findings).toEqual([expect.stringMatching(/^packages\/core\/src\/a\.ts\(1,14\): error TS2322/)]);
});

test('an error in a project under test/ is reported', async () => {
  using workspace = plant({
    ...project('packages/core'),
    'packages/core/src/a.ts': 'export const a: number = 1;\n',
    'test/types/tsconfig.json': JSON.stringify({ compilerOptions: { noEmit: true, types: [] }, include: ['.'] }),
    'test/types/a.ts': '// @ts-expect-error a number is no text\nexport const a: number = 1;\n',
  });
  const { findings } = await compilation.check(workspace.root);
  expect(findings).toEqual([expect.stringMatching(/^test\/types\/a\.ts\(1,1\): error TS2578/)]);
});

test('a file that no project includes is reported', async () => {
  using workspace = plant({
    ...project('packages/core'),
    'packages/core/src/a.ts': 'export const a: number = 1;\n',
    'packages/core/bench/b.ts': "export const b: number = 'text';\n",
  });
  const { checked, findings } = await compilation.check(workspace.root);
  expect(findings).toEqual([expect.stringMatching(/^packages\/core\/bench\/b\.ts belongs to no tsconfig/)]);
  expect(checked).toBe(2);
});

test('a project that is not there is reported', async () => {
  using workspace = plant({ ...project('packages/nowhere') });
  const { findings } = await compilation.check(workspace.root);
  expect(findings).not.toEqual([]);
});
