import type { PostgresServer } from '@leftfold/infra';
import { applyMigrations, type PostgresStorage } from '@leftfold/postgres';
import { Client } from 'pg';
import { TorturedPostgres } from '../../servers/tortured-postgres.ts';
import type { Recorder } from '../history/recorder.ts';

/** Prepared transactions of this age belong to nobody any more. */
const ORPHANED_AFTER = '300 ms';

/** A Postgres of the run's own with a log and what the run needs beside it. */
export class Cluster extends TorturedPostgres {
  /** Another database of the same cluster. */
  readonly elsewhere: string;
  readonly storage: PostgresStorage;

  private constructor(server: PostgresServer, url: string, elsewhere: string) {
    super(server, url);
    this.elsewhere = elsewhere;
    this.storage = this.storageOf({});
  }

  static override async open(): Promise<Cluster> {
    const server = await TorturedPostgres.startServer();
    const cluster = new Cluster(server, await server.createDatabase('chaos'), await server.createDatabase('elsewhere'));
    await applyMigrations(cluster.pool);
    await cluster.query(`create table other (i int);
create table places (reader text primary key, place text not null);
create table seen (n bigserial primary key, reader text not null, batch json not null)`);
    return cluster;
  }

  /** Uses up transaction ids without writing anything that a crash would keep. */
  async burnIds(count: number): Promise<void> {
    const client = new Client({ connectionString: this.url });
    client.on('error', () => undefined);
    await client.connect();
    for (let i = 0; i < count; i++) await client.query('select pg_current_xact_id()');
    await client.end();
  }

  /** Ends prepared transactions that their writers have left behind, one way or the other. @param age of the youngest that is ended. */
  async endOrphans(recorder: Recorder, age: string = ORPHANED_AFTER): Promise<void> {
    const { rows } = await this.pool.query<{ readonly gid: string }>(
      `select gid from pg_prepared_xacts where database = current_database() and prepared < clock_timestamp() - $1::interval`,
      [age],
    );
    for (const { gid } of rows) {
      const isKept = Number(gid.at(-1)) % 2 === 0;
      const done = await this.pool.query(`${isKept ? 'commit' : 'rollback'} prepared '${gid}'`).catch(() => undefined);
      if (done !== undefined) recorder.add({ op: 'end', type: isKept ? 'ok' : 'fail', tx: gid.replace('chaos ', '') });
    }
  }
}
