import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { startPostgres } from '@leftfold/infra';

/**
 * On top of the launcher's own, which has `fsync` and `synchronous_commit` on. Checkpoints are kept out of the windows, from all sides alike: with the
 * default of 1 GB one would fall into some windows and not into others.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  shared_buffers: '1GB',
  max_wal_size: '16GB',
  checkpoint_timeout: '30min',
};

/** The run's one Postgres. */
export interface BenchServer {
  /** Its main process, for CPU times. */
  readonly pid: number | undefined;
  readonly dataDir: string | undefined;
  readonly url: string;
  /** A new database; with a template a copy of it, to which nobody may be connected. */
  fresh(template?: string): Promise<string>;
  drop(url: string): Promise<void>;
  /** The only row of a query on the `postgres` database. */
  one<R>(sql: string, values?: unknown[]): Promise<R>;
  /** Writes out what earlier sides left dirty, so that the next one does not pay for it. */
  checkpoint(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a Postgres of its own, whatever server is given to tests: others must not use it meanwhile. */
export async function startBenchServer(): Promise<BenchServer> {
  const server = await startPostgres({ own: true, settings: SETTINGS });
  const admin = new Client({ connectionString: server.url });
  await admin.connect();
  return {
    pid: server.pid,
    dataDir: server.dataDir,
    url: server.url,
    fresh: async (template) => {
      const name = `bench_${randomBytes(6).toString('hex')}`;
      const of = template === undefined ? '' : ` template ${nameOf(template)} strategy file_copy`;
      await admin.query(`create database ${name}${of}`);
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    drop: async (url) => void (await admin.query(`drop database if exists ${nameOf(url)} with (force)`)),
    one: async <R>(sql: string, values: unknown[] = []) => (await admin.query(sql, values)).rows[0] as R,
    checkpoint: async () => void (await admin.query('checkpoint')),
    stop: async () => {
      await admin.end();
      await server.stop();
    },
  };
}

/** The database's name in its URL. */
export const nameOf = (url: string): string => new URL(url).pathname.slice(1);
