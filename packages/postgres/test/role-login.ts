import { randomUUID } from 'node:crypto';
import { Client, Pool } from 'pg';
import { inject, onTestFinished } from 'vitest';
import type { Role } from '../src/roles/role-names.ts';

/** Makes a login that is a member of these roles of the schema `leftfold`, and a pool as this login. It ends with the running test. */
export async function roleLogin(url: string, roles: readonly Role[], attributes = ''): Promise<Pool> {
  const name = `login_${randomUUID().replaceAll('-', '')}`;
  const groups = roles.map((role) => `grant leftfold_${role} to ${name};`).join('');
  await onServer(`create role ${name} login password 'x' ${attributes}; ${groups}`);
  const as = new URL(url);
  as.username = name;
  as.password = 'x';
  const pool = new Pool({ connectionString: as.href, max: 5 });
  pool.on('error', () => undefined);
  onTestFinished(async () => {
    await pool.end();
    // Fails when something belongs to this login, which is to belong to its role.
    await onServer(`drop role ${name}`);
  });
  return pool;
}

/** Runs a text on the run's server, as its superuser. @returns rows of the last statement. */
export async function onServer(text: string, url: string = inject('postgresUrl')): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const result = await client.query(text);
    return (Array.isArray(result) ? result.at(-1) : result).rows;
  } finally {
    await client.end();
  }
}
