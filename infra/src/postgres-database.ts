import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { InfraError } from './infra-error.ts';

/** Runs one statement on a connection of its own. */
export async function runStatement(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A server that ends while we are connected says so by an event, which would end this process when nobody listens.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Makes an empty database on the server of `url` and resolves with the URL of the new one.
 *
 * @throws {@link InfraError} `LF_INFRA_BAD_SETTING` for a name of other characters than letters, digits and `_`: clients
 *   do not agree on how others are written in a URL.
 */
export async function createDatabase(url: string, name = `db_${randomBytes(6).toString('hex')}`): Promise<string> {
  if (!/^\w{1,63}$/.test(name)) {
    throw new InfraError(
      'LF_INFRA_BAD_SETTING',
      `${JSON.stringify(name)} is no name for a database; use 1 to 63 letters, digits and underscores`,
    );
  }
  await runStatement(url, `create database "${name}"`);
  const made = new URL(url);
  made.pathname = `/${name}`;
  return made.href;
}

/** Drops the database that {@link createDatabase} made, with everyone connected to it; nothing happens when it is gone. */
export async function dropDatabase(serverUrl: string, url: string): Promise<void> {
  await runStatement(serverUrl, `drop database if exists "${new URL(url).pathname.slice(1)}" with (force)`);
}
