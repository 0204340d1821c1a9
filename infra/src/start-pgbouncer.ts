import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { makeDataFolder } from './data-folder.ts';
import { freePorts } from './free-ports.ts';
import { InfraError } from './infra-error.ts';
import { runStatement } from './postgres-database.ts';
import { lastLines, startProcess } from './server-process.ts';
import { unprivilegedAccount } from './unprivileged.ts';
import { until } from './until.ts';

/** A PgBouncer in front of a server. */
export interface PgBouncer {
  /** As the server's own URL, through the pooler. */
  readonly url: string;
  stop(): Promise<void>;
}

const LIMITS = { withinMs: 20_000 };
/** Server connections of each database: fewer than tests open at once, so that transactions of several clients share them. */
const POOL_SIZE = 12;

/** Where the program is, on the path or where Debian puts it; `undefined`: nowhere. */
export function findPgBouncer(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path));
}

/**
 * Starts a PgBouncer in transaction mode, which keeps no prepared statements, in front of all databases of a server. Users and passwords are the server's.
 *
 * @throws {@link InfraError} `LF_INFRA_NOT_READY` with the last lines of its log
 */
export async function startPgBouncer(program: string, server: { readonly url: string }): Promise<PgBouncer> {
  const account = unprivilegedAccount();
  const folder = makeDataFolder('leftfold-pgbouncer-', account);
  const at = new URL(server.url);
  const [port = 0] = await freePorts(1);
  const file = (name: string, text: string): string => {
    const path = join(folder.path, name);
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  };
  const users = file('users', `"${at.username}" "${at.password}"\n`);
  const settings = [
    '[databases]',
    `* = host=${at.hostname} port=${at.port}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'pool_mode = transaction',
    `default_pool_size = ${POOL_SIZE}`,
    'max_client_conn = 1000',
    // Tests make many databases; the server has 200 connections for all.
    'server_idle_timeout = 2',
    'auth_type = scram-sha-256',
    `auth_file = ${users}`,
    `auth_user = ${at.username}`,
    'auth_query = select usename, passwd from pg_shadow where usename = $1',
  ];
  const logFile = join(folder.path, 'log');
  const bouncer = startProcess({
    command: program,
    args: [file('pgbouncer.ini', `${settings.join('\n')}\n`)],
    logFile,
    stopSignal: 'SIGTERM',
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    cwd: folder.path,
    account,
  });
  const url = new URL(server.url);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  const stop = async (): Promise<void> => {
    await bouncer.stop('SIGTERM');
    await folder.remove();
  };
  const ready = await until(async () => {
    if (bouncer.end !== undefined) return false;
    return runStatement(url.href, 'select 1').then(
      () => true,
      () => undefined,
    );
  }, LIMITS);
  if (ready === true) return { url: url.href, stop };
  const log = lastLines(logFile);
  await stop();
  throw new InfraError('LF_INFRA_NOT_READY', `PgBouncer did not get ready; the last lines of its log say why:\n${log}`);
}
