import { startPostgres, type PostgresServer } from '@leftfold/infra';
import { applyMigrations, postgres, type PostgresStorage } from '@leftfold/postgres';
import { eventually } from '@leftfold/testing';
import { Client, Pool } from 'pg';
import type { Recorder } from '../history/recorder.ts';

/** Prepared transactions of this age belong to nobody any more. */
const ORPHANED_AFTER = '300 ms';

/** A Postgres of the run's own, which is crashed, with a log and what the run needs beside it. */
export class Cluster {
  readonly server: PostgresServer;
  readonly url: string;
  /** Another database of the same cluster. */
  readonly elsewhere: string;
  readonly #pool: Pool;
  readonly storage: PostgresStorage;

  private constructor(server: PostgresServer, url: string, elsewhere: string) {
    this.server = server;
    this.url = url;
    this.elsewhere = elsewhere;
    this.#pool = new Pool({ connectionString: url, max: 4 });
    this.#pool.on('error', () => undefined);
    this.storage = postgres({ pool: this.#pool });
  }

  /** The same log with other options. */
  storageOf(options: { readonly lanes?: number; readonly batchSize?: number }): PostgresStorage {
    return postgres({ pool: this.#pool, ...options });
  }

  static async open(): Promise<Cluster> {
    // What nobody waits for is not flushed by the way, so that a crash forgets it.
    const server = await startPostgres({ own: true, settings: { wal_writer_delay: '10s', deadlock_timeout: '100ms' } });
    const cluster = new Cluster(server, await server.createDatabase('chaos'), await server.createDatabase('elsewhere'));
    await applyMigrations(cluster.#pool);
    await cluster.query(`create table other (i int);
create table places (reader text primary key, place text not null);
create table seen (n bigserial primary key, reader text not null, batch json not null)`);
    return cluster;
  }

  /** Once the server answers. */
  query<R>(text: string, values?: readonly unknown[]): Promise<readonly R[]> {
    return eventually(async () => {
      const { rows } = await this.#pool.query(text, values === undefined ? undefined : [...values]);
      return rows as R[];
    }, PATIENCE);
  }

  /** Uses up transaction ids without writing anything that a crash would keep. */
  async burnIds(count: number): Promise<void> {
    const client = new Client({ connectionString: this.url });
    client.on('error', () => undefined);
    await client.connect();
    for (let i = 0; i < count; i++) await client.query('select pg_current_xact_id()');
    await client.end();
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

  /** Ends prepared transactions that their writers have left behind, one way or the other. @param age of the youngest that is ended. */
  async endOrphans(recorder: Recorder, age: string = ORPHANED_AFTER): Promise<void> {
    const { rows } = await this.#pool.query<{ readonly gid: string }>(
      `select gid from pg_prepared_xacts where database = current_database() and prepared < clock_timestamp() - $1::interval`,
      [age],
    );
    for (const { gid } of rows) {
      const isKept = Number(gid.at(-1)) % 2 === 0;
      const done = await this.#pool.query(`${isKept ? 'commit' : 'rollback'} prepared '${gid}'`).catch(() => undefined);
      if (done !== undefined) recorder.add({ op: 'end', type: isKept ? 'ok' : 'fail', tx: gid.replace('chaos ', '') });
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
    await this.server.stop();
  }
}

/** A server that recovers, on a machine that has other things to do. Nothing that a good run waits for. */
const PATIENCE = { timeoutMs: 60_000 };
