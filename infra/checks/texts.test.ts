import { expect, test } from 'vitest';
import { plant } from './planted-workspace.ts';
import { texts } from './texts.ts';

// Joined here, so that this file does not hold what it plants.
const join = (...parts: readonly string[]) => parts.join('');

test.each([
  ['docs/a.md', join('See /ho', 'me/alice/leftfold.'), 'path of one machine'],
  ['infra/a.json', join('{ "dir": "/ro', 'ot/.cache" }'), 'path of one machine'],
  ['infra/a.ts', join("const a = 'C:", "\\\\Users';"), 'path of one machine'],
  ['pnpm-lock.yaml', join('tarball: https://regis', 'try.npmjs.org/a.tgz'), 'host of a registry'],
  ['infra/a.ts', join("const a = 'https://artifac", "tory.example.com/maven';"), 'host of a registry'],
  ['packages/core/src/a.test.ts', join('test.on', "ly('a', b);"), 'leaves tests out'],
  ['packages/core/src/a.test.ts', join('describe.sk', "ip('a', b);"), 'leaves tests out'],
  ['packages/core/src/a.test.ts', join('it.to', "do('a');"), 'leaves tests out'],
  ['packages/core/src/a.test.ts', join('test.concurrent.sk', "ipIf(x)('a', b);"), 'leaves tests out'],
  ['packages/core/src/a.ts', join('// oxlint-dis', 'able-next-line no-console'), 'silences a check'],
  ['packages/core/src/a.ts', join('// @ts-ign', 'ore'), 'silences a check'],
])('%s with %s is reported', async (file, line, fault) => {
  using workspace = plant({ [file]: `first\n${line}\n` });
  expect((await texts.check(workspace.root)).findings).toEqual([
    expect.stringMatching(`^${file.replaceAll('.', '\\.')}:2 .*${fault}`),
  ]);
});

test('what only resembles them is not reported', async () => {
  using workspace = plant({
    'packages/core/src/a.ts':
      "const a = response.skip(1);\nconst b = 'https://example.com/home/alice';\n// only todo\n",
  });
  expect((await texts.check(workspace.root)).findings).toEqual([]);
});
