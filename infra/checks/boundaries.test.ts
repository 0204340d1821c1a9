import { expect, test } from 'vitest';
import { boundaries } from './boundaries.ts';
import { plant } from './planted-workspace.ts';

const manifest = (name: string) => JSON.stringify({ name: `@leftfold/${name}` });

const packages = {
  'packages/core/package.json': manifest('core'),
  'packages/subscriptions/package.json': manifest('subscriptions'),
  'packages/memory/package.json': manifest('memory'),
  'packages/postgres/package.json': manifest('postgres'),
  'packages/kafka/package.json': manifest('kafka'),
  'packages/testing/package.json': manifest('testing'),
  'packages/nestjs/package.json': manifest('nestjs'),
  'apps/orders/package.json': manifest('orders'),
  'infra/package.json': manifest('infra'),
  'test/package.json': manifest('test'),
};

test.each([
  ['packages/core/src/a.ts', "import { readFileSync } from 'node:fs';", 'core imports nothing'],
  ['packages/core/src/a.ts', "import type { Pool } from 'pg';", 'core imports nothing'],
  ['packages/core/src/a.ts', "export * from '@leftfold/subscriptions';", 'core imports nothing'],
  ['packages/subscriptions/src/a.ts', "import { memory } from '@leftfold/memory';", 'may import @leftfold/core'],
  ['packages/postgres/src/a.ts', "import { kafka } from '@leftfold/kafka';", 'may import @leftfold/core'],
  ['packages/kafka/src/a.ts', "const m = await import('@leftfold/nestjs');", 'may import @leftfold/core'],
  ['packages/memory/src/a.ts', "type P = import('@leftfold/postgres').Pool;", 'may import @leftfold/core'],
  ['packages/testing/src/a.ts', "import '@leftfold/postgres';", 'may import @leftfold/core'],
  ['packages/nestjs/src/a.ts', "import { memory } from '@leftfold/memory';", 'may import @leftfold/core'],
  ['packages/nestjs/src/a.test.ts', "import { postgres } from '@leftfold/postgres';", 'may import @leftfold/core'],
  ['packages/nestjs/src/testing/a.ts', "import { postgres } from '@leftfold/postgres';", 'may import @leftfold/core'],
  ['packages/kafka/src/a.ts', "import { x } from '../../core/src/x.ts';", 'not by a path'],
  ['packages/kafka/src/a.ts', "import { x } from '@leftfold/core/src/x.ts';", 'its interface'],
  ['packages/kafka/src/a.ts', "import { x } from '@leftfold/kafka';", 'their relative path'],
  ['packages/kafka/src/a.ts', "import { x } from '../test/x.ts';", 'does not use its tests'],
  ['infra/src/a.ts', "import { core } from '@leftfold/core';", 'no other package'],
  ['test/types/a.ts', "import { x } from '../../packages/core/src/x.ts';", 'not by a path'],
  ['apps/orders/src/a.ts', "import { x } from '../../../packages/core/src/x.ts';", 'not by a path'],
  ['packages/testing/src/a.test.ts', "import { order } from '@leftfold/orders';", 'nobody builds on an app'],
])('a boundary is seen to be crossed: %s with %s', async (file, line, fault) => {
  using workspace = plant({ ...packages, [file]: `// The first line.\n${line}\n` });
  const { findings } = await boundaries.check(workspace.root);
  expect(findings).toEqual([expect.stringMatching(`^${file}:2 imports .*${fault}`)]);
});

test('what the picture allows is not reported', async () => {
  using workspace = plant({
    ...packages,
    'packages/core/src/a.ts': "import { b } from './b.ts';\n/** import { x } from '@leftfold/kafka'; */\n",
    'packages/core/src/a.test.ts': "import { test } from 'vitest';\nimport { createHash } from 'node:crypto';\n",
    'packages/kafka/src/a.ts': "import { x } from '@leftfold/core';\nimport { Kafka } from 'kafkajs';\n",
    'packages/kafka/test/a.int.test.ts':
      "import { startKafka } from '@leftfold/infra';\nimport { a } from '../src/a.ts';\n",
    'packages/nestjs/package.json': JSON.stringify({
      name: '@leftfold/nestjs',
      exports: { '.': {}, './terminus': {} },
    }),
    'packages/nestjs/src/a.test.ts': "import { memory } from '@leftfold/memory';\n",
    'packages/nestjs/src/testing/a.ts': "import { memory } from '@leftfold/memory';\n",
    'apps/orders/src/a.ts':
      "import '@leftfold/core';\nimport '@leftfold/nestjs/terminus';\nimport '@leftfold/kafka';\nimport '@leftfold/postgres';\n",
    'test/e2e/a.test.ts': "import '@leftfold/orders';\nimport '../../apps/orders/src/a.ts';\n",
  });
  expect(await boundaries.check(workspace.root)).toEqual({ checked: 8, findings: [] });
});

test('a package that the picture does not show is reported', async () => {
  using workspace = plant({ 'packages/surprise/package.json': manifest('surprise') });
  const { findings } = await boundaries.check(workspace.root);
  expect(findings).toEqual([expect.stringContaining('packages/surprise has no place in the picture')]);
});
