import { expect, test } from 'vitest';
import { dependencies } from './dependencies.ts';
import { plant } from './planted-workspace.ts';

const workspace = (manifest: object, files: Readonly<Record<string, string>>) =>
  plant({
    'package.json': JSON.stringify({ devDependencies: { vitest: '5' } }),
    'packages/kafka/package.json': JSON.stringify({ name: '@leftfold/kafka', ...manifest }),
    ...files,
  });

test.each([
  ['is not declared', {}],
  ['is declared for development only', { devDependencies: { kafkajs: '2' } }],
])('an import of the program that %s is reported', async (_what, manifest) => {
  using planted = workspace(manifest, { 'packages/kafka/src/a.ts': "import { Kafka } from 'kafkajs';\n" });
  const { findings } = await dependencies.check(planted.root);
  expect(findings).toEqual([expect.stringMatching(/^packages\/kafka\/src\/a\.ts:1 imports kafkajs/)]);
});

test('a dependency that nothing imports is reported', async () => {
  using planted = workspace({ dependencies: { kafkajs: '2' } }, { 'packages/kafka/src/a.ts': 'export {};\n' });
  const { findings } = await dependencies.check(planted.root);
  expect(findings).toEqual([expect.stringMatching(/^packages\/kafka\/package\.json declares kafkajs/)]);
});

test('declared imports, also of a sub-path, of types and of the tests, are not reported', async () => {
  using planted = workspace(
    { dependencies: { kafkajs: '2', '@a/b': '1' }, devDependencies: { '@types/pg': '8', pg: '8' } },
    {
      'packages/kafka/src/a.ts':
        "import 'node:net';\nimport type { Kafka } from 'kafkajs/x';\nexport * from '@a/b/c';\n",
      'packages/kafka/test/a.int.test.ts': "import { test } from 'vitest';\nimport { Pool } from 'pg';\n",
    },
  );
  expect(await dependencies.check(planted.root)).toEqual({ checked: 1, findings: [] });
});

test('a workspace inside another one answers for its own files, and the outer one does not', async () => {
  using planted = plant({
    'package.json': '{}',
    'test/package.json': JSON.stringify({ name: '@leftfold/test' }),
    'test/bench/package.json': JSON.stringify({ name: '@leftfold/bench', dependencies: { pg: '8' } }),
    'test/bench/a.ts': "import { Pool } from 'pg';\n",
    'test/b.ts': "import { Pool } from 'pg';\n",
  });
  const { checked, findings } = await dependencies.check(planted.root);
  expect(checked).toBe(2);
  expect(findings).toEqual([expect.stringMatching(/^test\/b\.ts:1 imports pg/)]);
});
