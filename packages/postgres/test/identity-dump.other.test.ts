import { execFile } from 'node:child_process';
import { appendFileSync, mkdirSync, statSync, chownSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findPostgres, startPostgres, type PostgresServer } from '@leftfold/infra';
import { acceptCluster, postgres, printRoles, rebase } from '@leftfold/postgres';
import { newEvents, newStream } from '@leftfold/testing';
import { Pool } from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { freshDatabase, testLog, type FreshLog } from './fresh-log.ts';
import { readToEnd } from './read-to-end.ts';
import { faultsOf, TableFollower } from './table-follower.ts';

const never = new AbortController().signal;
const NAMES = ['done', 'in a window', 'behind', 'new'];

/** Of the server that these tests run on, which has programs that the package with Postgres 18 does not bring. */
const programs = process.env['LEFTFOLD_POSTGRES_BIN'] ?? findPostgres(15);

async function program(name: string, args: readonly string[], options: object = {}): Promise<void> {
  if (programs === undefined) throw new Error('there is no Postgres 15 here: apt-get install postgresql-15');
  await promisify(execFile)(join(programs, name), [...args], options);
}

async function ownServer(): Promise<PostgresServer & { readonly dataDir: string }> {
  const server = await startPostgres({ own: true });
  onTestFinished(() => server.stop());
  if (server.dataDir === undefined) throw new Error('a server of our own has a folder');
  return server as PostgresServer & { readonly dataDir: string };
}
/** A process that starts now. */
function restarted(url: string): Pick<FreshLog, 'pool' | 'storage'> {
  const pool = new Pool({ connectionString: url });
  pool.on('error', () => undefined);
  onTestFinished(() => pool.end());
  return { pool, storage: postgres({ pool, batchSize: 2 }) };
}
const appendTo = ({ storage }: Pick<FreshLog, 'storage'>, count: number) =>
  storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(count) }]);

/** A log with followers in several places: at the end, in the midst of a window, at a transaction that was open, at the start. */
async function lived(url: string): Promise<FreshLog> {
  const log = await testLog({ url, batchSize: 2 });
  await TableFollower.prepare(log.pool);
  const [done, inWindow, behind] = NAMES.map((name) => new TableFollower(name, log.pool));
  const late = await log.connect();
  await late.query('begin');
  await log.storage.store.within(late).append([{ stream: newStream(), expect: 'absent', events: newEvents(2) }]);
  await appendTo(log, 5);
  await behind?.run(log.storage, never, { toEnd: true });
  await inWindow?.run(log.storage, never, { toEnd: true, batches: 1, pins: true });
  await late.query('commit');
  await appendTo(log, 3);
  await done?.run(log.storage, never, { toEnd: true });
  return log;
}
async function everybodyGetsWhatIsLeft(url: string): Promise<void> {
  const { pool, storage } = restarted(url);
  await appendTo({ storage }, 3);
  const { rows } = await pool.query(`select stream_id || '@' || version as name from leftfold.events`);
  for (const name of NAMES) {
    const follower = new TableFollower(name, pool);
    await follower.run(storage, never, { toEnd: true });
    expect(
      faultsOf(
        await follower.delivered(),
        rows.map((row) => row.name),
      ),
      name,
    ).toEqual([]);
    expect(follower.faults).toEqual([]);
  }
}
async function isRefused(url: string): Promise<void> {
  const { pool, storage } = restarted(url);
  await expect(appendTo({ storage }, 1)).rejects.toMatchObject({ code: 'LF_LOG_RESTORED' });
  await expect(readToEnd(storage.log)).rejects.toMatchObject({ code: 'LF_LOG_RESTORED' });
  await expect(acceptCluster(pool, { reason: 'none' })).rejects.toMatchObject({ code: 'LF_LOG_RESTORED' });
}

test('L6 a dump that is restored into another cluster is refused, and goes on after a rebase', async () => {
  const log = await lived(await freshDatabase());
  const other = await ownServer();
  const file = join(dirname(other.dataDir), 'dump');
  // Nobody stops for a dump.
  const stop = new AbortController();
  const appending = (async () => {
    while (!stop.signal.aborted) await appendTo(log, 1);
  })();
  await program('pg_dump', ['--format=custom', `--file=${file}`, log.url]);
  stop.abort();
  await appending;

  const url = await other.createDatabase();
  await restarted(url).pool.query(printRoles());
  await program('pg_restore', ['--exit-on-error', `--dbname=${url}`, file]);
  await isRefused(url);
  await rebase(restarted(url).pool, { reason: 'restored from the dump' });
  await everybodyGetsWhatIsLeft(url);
});

test('L6 a dump that is restored into the cluster it came from, where all numbers fit, is refused likewise', async () => {
  const log = await lived(await freshDatabase());
  const other = await ownServer();
  const file = join(dirname(other.dataDir), 'dump');
  await program('pg_dump', ['--format=custom', `--file=${file}`, log.url]);
  const url = await freshDatabase(inject('postgresUrl'));
  await program('pg_restore', ['--exit-on-error', `--dbname=${url}`, file]);
  await isRefused(url);
  await rebase(restarted(url).pool, { reason: 'restored from the dump' });
  await everybodyGetsWhatIsLeft(url);
});

test('L6 an upgraded cluster is another one with the same transaction ids: refused until it is accepted', async () => {
  const [old, next] = [await ownServer(), await ownServer()];
  const url = await freshDatabase(old.url);
  const log = await lived(url);
  await log.pool.query(`do $$ begin for i in 1..2000 loop perform pg_current_xact_id(); commit; end loop; end $$`);
  await appendTo(log, 1);

  const { uid, gid } = statSync(old.dataDir);
  const folder = join(dirname(next.dataDir), 'upgrade');
  mkdirSync(folder);
  chownSync(folder, uid, gid);
  const how = { uid, gid, cwd: folder };
  for (const { dataDir } of [old, next]) {
    await program('pg_ctl', ['stop', '--wait', '--mode=fast', `--pgdata=${dataDir}`], how);
    writeFileSync(join(dataDir, 'pg_hba.conf'), 'local all all trust\nhost all all 127.0.0.1/32 trust\n');
    appendFileSync(join(dataDir, 'postgresql.conf'), `\nmax_prepared_transactions = 64\n`);
  }
  const bin = String(programs);
  await program(
    'pg_upgrade',
    [`-b${bin}`, `-B${bin}`, `-d${old.dataDir}`, `-D${next.dataDir}`, '-Upostgres', `-s${folder}`],
    how,
  );
  await next.restart();
  const upgraded = new URL(next.url);
  upgraded.pathname = new URL(url).pathname;

  const { storage, pool } = restarted(upgraded.href);
  await expect(appendTo({ storage }, 1)).rejects.toMatchObject({ code: 'LF_LOG_RESTORED' });
  expect(await acceptCluster(pool, { reason: 'pg_upgrade' })).toMatchObject({ ahead: [] });
  await everybodyGetsWhatIsLeft(upgraded.href);
});
