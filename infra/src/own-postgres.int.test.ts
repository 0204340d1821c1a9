import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { isRunning } from './process-group.ts';
import type { PostgresServer } from './postgres-server.ts';
import { startPostgres } from './start-postgres.ts';
import { until } from './until.ts';

async function query(url: string, ...statements: string[]): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const sql of statements.slice(0, -1)) await client.query(sql);
    const { rows } = await client.query<unknown[]>({ text: statements.at(-1) ?? '', rowMode: 'array' });
    return rows.flat();
  } finally {
    await client.end();
  }
}

function lastLog({ dataDir }: PostgresServer): string {
  const folder = dirname(dataDir ?? '');
  const starts = readdirSync(folder).filter((name) => name.startsWith('postgres-')).length;
  return readFileSync(join(folder, `postgres-${starts}.log`), 'utf8');
}

describe('a Postgres started here', () => {
  let server: PostgresServer;
  beforeAll(async () => void (server = await startPostgres({ own: true, settings: { max_connections: '33' } })));
  afterAll(() => server?.stop());

  test('is version 18, writes every commit to disk, and has the settings that were asked for', async () => {
    const names = ['server_version', 'fsync', 'synchronous_commit', 'wal_level', 'max_connections'];
    const values = await query(server.url, `select current_setting(n) from unnest(array['${names.join("','")}']) n`);
    expect(values).toEqual([expect.stringMatching(/^18\./), 'on', 'on', 'replica', '33']);
  });

  test('gives out empty databases, also many at once', async () => {
    const urls = await Promise.all([server.createDatabase(), server.createDatabase(), server.createDatabase('named')]);
    for (const url of urls) await query(url, 'create table t (a int)', 'select count(*) from t');
    expect(await query(urls[2] ?? '', 'select current_database()')).toEqual(['named']);
    await expect(server.createDatabase('a"b')).rejects.toMatchObject({ code: 'LF_INFRA_BAD_SETTING' });
  });

  test('keeps what was committed over a crash, loses what was not, and has the same address after it', async () => {
    const url = await server.createDatabase();
    await query(url, 'create table t (a int)', 'insert into t values (1)');
    const open = new Client({ connectionString: url });
    const lost = new Promise((resolve) => open.on('error', resolve));
    await open.connect();
    await open.query('begin');
    await open.query('insert into t values (2)');
    const { pid, port } = server;

    await server.crash();
    await lost;
    expect(isRunning(pid ?? 0)).toBe(false);
    expect(server.pid).toBeUndefined();
    await expect(query(url, 'select 1')).rejects.toThrow('ECONNREFUSED');

    await server.restart();
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
    expect(await query(url, 'select a from t')).toEqual([1]);
    expect(lastLog(server)).toContain('database system was not properly shut down; automatic recovery in progress');
  });

  test('comes back when its main process was killed while its others were at work', async () => {
    const busy = new Client({ connectionString: server.url });
    busy.on('error', () => undefined);
    await busy.connect();
    const work = busy.query('select count(*) from generate_series(1, 3000000)').catch(() => undefined);
    process.kill(server.pid ?? 0, 'SIGKILL');
    await server.restart();
    expect(await query(server.url, 'select 1')).toEqual([1]);
    await work;
  });

  test('says so when another program took its port in the meantime, and comes back when the port is free', async () => {
    await server.crash();
    const thief = createServer((socket) => socket.on('error', () => undefined).resume()).listen(
      server.port,
      '127.0.0.1',
    );
    await once(thief, 'listening');
    await expect(server.restart()).rejects.toMatchObject({ code: 'LF_INFRA_PORT_TAKEN' });
    thief.close();
    await server.restart();
    expect(await query(server.url, 'select 1')).toEqual([1]);
  });

  test('runs beside another, whose end leaves neither process nor data', async () => {
    const other = await startPostgres({ own: true });
    const { pid, dataDir } = other;
    expect(other.port).not.toBe(server.port);
    await other.stop();
    expect(isRunning(pid ?? 0)).toBe(false);
    expect(existsSync(dirname(dataDir ?? ''))).toBe(false);
    await expect(other.restart()).rejects.toMatchObject({ code: 'LF_INFRA_STOPPED' });
    await other.stop();
    expect(await query(server.url, 'select 1')).toEqual([1]);
  });

  test('does not keep its starter alive, and ends with it', async () => {
    const library = new URL('./index.ts', import.meta.url).href;
    const script = `const { startPostgres } = await import(${JSON.stringify(library)});
      const { pid, dataDir } = await startPostgres({ own: true });
      console.log(JSON.stringify({ pid, dataDir }));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
      timeout: 20_000,
    });
    const { pid, dataDir } = JSON.parse(stdout) as { pid: number; dataDir: string };
    const isLeft = (): boolean => isRunning(pid) || existsSync(dirname(dataDir));
    await until(() => (isLeft() ? undefined : true), { withinMs: 20_000 });
    expect(isLeft()).toBe(false);
  });

  test('that cannot start tells the last lines of its log', async () => {
    const settings = { shared_buffers: 'much' };
    const failing = startPostgres({ own: true, settings });
    await expect(failing).rejects.toThrow('invalid value for parameter "shared_buffers": "much"');
    await expect(failing).rejects.toMatchObject({ code: 'LF_INFRA_NOT_READY' });
  });

  describe('and given by the environment variable', () => {
    afterEach(() => void vi.unstubAllEnvs());

    test('is used instead of a new one, is not crashed, and loses only the databases made on it', async () => {
      vi.stubEnv('LEFTFOLD_POSTGRES_URL', server.url);
      const given = await startPostgres();
      expect(given.url).toBe(server.url);
      const name = new URL(await given.createDatabase()).pathname.slice(1);
      await expect(given.crash()).rejects.toMatchObject({ code: 'LF_INFRA_NOT_OURS' });
      await expect(given.restart()).rejects.toMatchObject({ code: 'LF_INFRA_NOT_OURS' });
      await given.stop();
      expect(await query(server.url, `select 1 from pg_database where datname = '${name}'`)).toEqual([]);
      expect(server.pid).toBeDefined();
    });

    test('is refused when the variable is no URL or nobody answers there', async () => {
      vi.stubEnv('LEFTFOLD_POSTGRES_URL', 'localhost:5432');
      await expect(startPostgres()).rejects.toMatchObject({ code: 'LF_INFRA_BAD_SETTING' });
      vi.stubEnv('LEFTFOLD_POSTGRES_URL', 'postgres://nobody@127.0.0.1:1/none');
      await expect(startPostgres()).rejects.toMatchObject({ code: 'LF_INFRA_NOT_READY' });
    });
  });
});
