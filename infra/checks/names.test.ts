import { expect, test } from 'vitest';
import { names } from './names.ts';
import { plant } from './planted-workspace.ts';

test.each([
  ['packages/core/src/eventStore.ts', 'not in kebab-case'],
  ['packages/core/src/Event.ts', 'not in kebab-case'],
  ['packages/core/src/event_store.ts', 'not in kebab-case'],
  ['packages/core/EventStore/a.ts', 'not in kebab-case'],
  ['packages/core/schemas/orders.Placed/a.ts', 'not in kebab-case'],
  ['packages/core/src/utils.ts', 'no concept'],
  ['packages/core/src/types.ts', 'no concept'],
  ['packages/core/src/lease-manager.ts', 'no concept'],
  ['apps/orders/src/orders.service.ts', 'no concept'],
  ['infra/src/helpers/ports.ts', 'no concept'],
  ['packages/core/src/schema/index.ts', 'not at the root'],
])('%s is reported', async (file, fault) => {
  using workspace = plant({ [file]: '\n' });
  expect((await names.check(workspace.root)).findings).toEqual([expect.stringContaining(fault)]);
});

test('good names are not reported', async () => {
  const files = [
    'apps/orders/schemas/orders.order.PlacedV2/1.golden.json',
    'apps/orders/src/main.api.ts',
    'docs/decisions/0001-one-write-loop.md',
    'infra/src/index.ts',
    'packages/core/README.md',
    'packages/core/src/event-store.test.ts',
    'packages/core/src/index.ts',
    'packages/postgres/src/column-types.ts',
    'packages/postgres/test/append.int.test.ts',
    'test/types/aggregate.ts',
  ];
  using workspace = plant(Object.fromEntries(files.map((file) => [file, '\n'])));
  expect(await names.check(workspace.root)).toEqual({ checked: files.length, findings: [] });
});
