import { chownSync, cpSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresServer } from '@leftfold/infra';
import { Client } from 'pg';

/**
 * Turns a server into an asynchronous standby of another one: by a base backup of its files, taken while it works. What the server held is gone, and its password is
 * none any more. Both must be servers of our own.
 * @returns the URL of the standby
 */
export async function standbyOf(primary: PostgresServer, server: PostgresServer): Promise<string> {
  const [from, to] = [folderOf(primary), folderOf(server)];
  await server.crash();
  const { uid, gid } = statSync(to);
  const client = new Client({ connectionString: primary.url });
  await client.connect();
  try {
    await client.query(`select pg_backup_start('standby', true)`);
    rmSync(to, { recursive: true });
    cpSync(from, to, {
      recursive: true,
      preserveTimestamps: true,
      filter: (path) => !/postmaster\.(?:pid|opts)$/.test(path),
    });
    const { rows } = await client.query('select labelfile from pg_backup_stop()');
    writeFileSync(join(to, 'backup_label'), rows[0].labelfile);
  } finally {
    await client.end();
  }
  const { port, username, password } = new URL(primary.url);
  writeFileSync(join(to, 'standby.signal'), '');
  writeFileSync(
    join(to, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=127.0.0.1 port=${port} user=${username} password=${password}'\n`,
  );
  // Whoever knows the one server's password knows not the other's, and both are here alone.
  writeFileSync(join(to, 'pg_hba.conf'), 'host all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n');
  for (const path of readdirSync(to, { recursive: true, encoding: 'utf8' })) chownSync(join(to, path), uid, gid);
  chownSync(to, uid, gid);
  await server.restart();
  return server.url;
}

function folderOf({ dataDir }: PostgresServer): string {
  if (dataDir === undefined) throw new Error('a given server has no folder of ours');
  return dataDir;
}
