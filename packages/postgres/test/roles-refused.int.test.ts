import type { PoolClient } from 'pg';
import { expect, test } from 'vitest';
import { ROLES } from '../src/roles/role-names.ts';
import { testLog } from './fresh-log.ts';
import { roleLogin } from './role-login.ts';
import { statements } from './role-statements.ts';
import { listThing, project, thingList } from './thing-list.ts';

/** SQLSTATE of what the server says to a statement that is then undone; undefined when it does it. */
async function answerTo(client: PoolClient, sql: string): Promise<string | undefined> {
  await client.query('begin');
  try {
    await client.query(sql);
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  } finally {
    await client.query('rollback');
  }
}

test.each(ROLES)('a login with the role %s may do what is its own, and is refused all else', async (role) => {
  const { url, storage, pool: owner } = await testLog();
  await listThing(storage.store, '1', 'a');
  await storage.store.append([], { reply: { tenant: '', key: 'k', requestHash: 'h', reply: '1', keepMs: 60_000 } });
  await project(await roleLogin(url, ['projector']), [thingList(1)]);
  // What Postgres 14 and before gave to everybody, and an upgrade keeps.
  await owner.query('revoke create on schema public from public');

  const client = await (await roleLogin(url, [role])).connect();
  const wrong: string[] = [];
  for (const [sql, may] of statements) {
    const answer = await answerTo(client, sql);
    const isRefused = answer === '42501';
    if (isRefused === may.includes(role)) wrong.push(`${sql}: ${answer ?? 'done'}`);
  }
  client.release();
  expect(wrong).toEqual([]);
  expect(statements.filter(([, may]) => may.includes(role)).length).toBeGreaterThan(3);
});
