import { startPostgres, type PostgresServer } from '@leftfold/infra';
import { applyMigrations, postgres, type PostgresStorage } from '@leftfold/postgres';
import { eventually } from '@leftfold/testing';
import { Pool } from 'pg';

/** A server that recovers, on a machine that has other things to do. Nothing that a good run waits for. */
const PATIENCE = { timeoutMs: 60_000 };

/** A Postgres of the run's own, which is crashed, with a log in one of its databases. */
export class TorturedPostgres {
  readonly server: PostgresServer;
  readonly url: string;
  readonly pool: Pool;

  constructor(server: PostgresServer, url: string) {
    this.server = server;
    this.url = url;
    this.pool = new Pool({ connectionString: url, max: 4 });
    this.pool.on('error', () => undefined);
  }

  /** A server in which what nobody waits for is not flushed by the way, so that a crash forgets it. */
  static startServer(): Promise<PostgresServer> {
    return startPostgres({ own: true, settings: { wal_writer_delay: '10s', deadlock_timeout: '100ms' } });
  }
  static async open(): Promise<TorturedPostgres> {
    const server = await TorturedPostgres.startServer();
    const opened = new TorturedPostgres(server, await server.createDatabase('chaos'));
    await applyMigrations(opened.pool);
    return opened;
  }

  /** The log, with these options. */
  storageOf(options: { readonly lanes?: number; readonly batchSize?: number }): PostgresStorage {
    return postgres({ pool: this.pool, ...options });
  }

  /** Once the server answers. */
  query<R>(text: string, values?: readonly unknown[]): Promise<readonly R[]> {
    return eventually(async () => {
      const { rows } = await this.pool.query(text, values === undefined ? undefined : [...values]);
      return rows as R[];
    }, PATIENCE);
  }

  async terminate(backends: number): Promise<void> {
    await this.query(
      `select pg_terminate_backend(pid) from (select pid from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() order by random() limit $1) as some_backends`,
      [backends],
    );
  }

  async crash(): Promise<void> {
    await this.server.crash();
    await this.server.restart();
  }

  async close(): Promise<void> {
    await this.pool.end();
    await this.server.stop();
  }
}
