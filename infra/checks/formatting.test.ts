import { expect, test } from 'vitest';
import { formatting } from './formatting.ts';
import { plant } from './planted-workspace.ts';

test('a file in another form is reported, a file in the right form is not', async () => {
  using workspace = plant({
    'packages/core/src/wrong.ts': 'export const a = "double quotes"\n',
    'packages/core/src/right.ts': "export const a = 'single quotes';\n",
  });
  const { checked, findings } = await formatting.check(workspace.root);
  expect(findings).toEqual([expect.stringContaining('packages/core/src/wrong.ts is not formatted')]);
  expect(checked).toBeGreaterThanOrEqual(2);
});
