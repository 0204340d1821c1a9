import { randomUUID } from 'node:crypto';
import { inject, onTestFinished } from 'vitest';
import { Client, Pool, type PoolConfig } from 'pg';
import { applyMigrations, postgres, type PostgresOptions, type PostgresStorage } from '@leftfold/postgres';

/** A log in a database of its own. */
export interface FreshLog {
  readonly url: string;
  readonly pool: Pool;
  readonly storage: PostgresStorage;
  /** The same log with other options. */
  readonly open: (options: Omit<PostgresOptions, 'pool'>) => PostgresStorage;
  /** A connection beside the pool, as another program has one; ended with the test. */
  readonly connect: (url?: string) => Promise<Client>;
}

/** Behind a pooler in transaction mode (`npm run test:other-servers`) no session keeps a prepared statement. */
export const poolerOptions: { readonly prepare?: false } =
  process.env['LEFTFOLD_OTHER_SERVER'] === 'pgbouncer' ? { prepare: false } : {};

/** Makes an empty database and migrates it; its connections end with the test, or with `ended` in a hook. */
export async function freshLog(
  options: Omit<PostgresOptions, 'pool'> & { readonly pool?: PoolConfig; readonly url?: string } = {},
): Promise<FreshLog & { readonly end: () => Promise<void> }> {
  const { pool: poolConfig, url: given, ...rest } = options;
  const url = given ?? (await freshDatabase());
  const pool = new Pool({ connectionString: url, max: 10, ...poolConfig });
  // A pool whose idle connection is ended says so by an event; what matters here is what our calls say.
  pool.on('error', () => undefined);
  const clients: Client[] = [];
  await applyMigrations(pool, rest.schema === undefined ? {} : { schema: rest.schema });
  return {
    url,
    pool,
    storage: postgres({ pool, ...poolerOptions, ...rest }),
    open: (others) => postgres({ pool, ...poolerOptions, ...rest, ...others }),
    connect: async (to = url) => {
      const client = new Client({ connectionString: to });
      client.on('error', () => undefined);
      await client.connect();
      clients.push(client);
      return client;
    },
    end: async () => {
      await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
      await pool.end();
    },
  };
}

/** {@link freshLog} that ends with the running test. */
export async function testLog(options?: Parameters<typeof freshLog>[0]): Promise<FreshLog> {
  const log = await freshLog(options);
  onTestFinished(log.end);
  return log;
}

/** The URL of an empty database on the run's server. */
export async function freshDatabase(server: string = inject('postgresUrl')): Promise<string> {
  const name = `log_${randomUUID().replaceAll('-', '')}`;
  const client = new Client({ connectionString: server });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
