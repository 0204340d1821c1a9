import { postgres } from '@leftfold/postgres';
import { expect, test } from 'vitest';
import { poolerOptions, testLog } from './fresh-log.ts';
import { accountList, append, opened, ownerTotals, seen, to } from './inline-scene.ts';
import { roleLogin } from './role-login.ts';

const inline = [ownerTotals, accountList];

test('a login that appends with projections is a writer and a projector; a writer alone is refused at the start, and appends what they do not handle', async () => {
  const log = await testLog();
  const both = postgres({ pool: await roleLogin(log.url, ['writer', 'projector']), ...poolerOptions, inline });
  expect(await append(both.store, to('a', [opened({ owner: 'ann' })]))).toBe('appended');
  const forbidden = { code: 'LF_READ_MODEL_FORBIDDEN', cause: { code: '42501' } };
  const alone = postgres({ pool: await roleLogin(log.url, ['writer']), ...poolerOptions, inline });
  await expect(alone.inline?.prepare()).rejects.toMatchObject(forbidden);
  await expect(append(alone.store, to('a', [opened({ owner: 'ann' })]))).rejects.toMatchObject(forbidden);
  expect(await append(alone.store, to('a', [seen({})]))).toBe('appended');
});
