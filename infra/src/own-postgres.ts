import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDataFolder, type DataFolder } from './data-folder.ts';
import { freePorts } from './free-ports.ts';
import { InfraError } from './infra-error.ts';
import { postgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';
import { createDatabase, runStatement } from './postgres-database.ts';
import type { PostgresServer } from './postgres-server.ts';
import { initdbArguments, POSTGRES_SETTINGS } from './postgres-settings.ts';
import { lastLines, startProcess, type ProcessSpec, type ServerProcess } from './server-process.ts';
import { isReachableByAll, unprivilegedAccount, type Account } from './unprivileged.ts';
import { until } from './until.ts';

const LIMITS = { withinMs: 60_000 };
const ATTEMPTS = 5;

/** Makes a new Postgres cluster in a folder of its own and starts it; the promise is that of `startPostgres`. */
export async function ownPostgres(settings: Readonly<Record<string, string>>): Promise<PostgresServer> {
  const account = unprivilegedAccount();
  if (account !== undefined && !isReachableByAll(join(tmpdir(), 'x'))) {
    throw new InfraError(
      'LF_INFRA_NO_POSTGRES',
      `Postgres runs as "nobody" when started by root, and "nobody" may not enter the temporary folder ${tmpdir()}; set TMPDIR to a folder open to all, such as /tmp`,
    );
  }
  const folder = makeDataFolder('leftfold-postgres-', account);
  try {
    const cluster = new Cluster(folder, postgresBinaries(folder.path, account), account, settings);
    await cluster.initialise();
    for (let attempt = 1; ; attempt += 1) {
      try {
        await cluster.start();
        return cluster;
      } catch (error) {
        if (attempt === ATTEMPTS || !(error instanceof InfraError) || error.code !== 'LF_INFRA_PORT_TAKEN') throw error;
        await cluster.moveToAnotherPort();
      }
    }
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

class Cluster implements PostgresServer {
  readonly dataDir: string;
  port = 0;
  readonly #folder: DataFolder;
  readonly #binaries: PostgresBinaries;
  readonly #account: Account | undefined;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #password = randomBytes(12).toString('hex');
  #process: ServerProcess | undefined;
  #starts = 0;
  #stopped = false;

  constructor(
    folder: DataFolder,
    binaries: PostgresBinaries,
    account: Account | undefined,
    settings: Readonly<Record<string, string>>,
  ) {
    this.dataDir = join(folder.path, 'data');
    this.#folder = folder;
    this.#binaries = binaries;
    this.#account = account;
    this.#settings = settings;
  }

  get url(): string {
    return `postgres://postgres:${this.#password}@127.0.0.1:${this.port}/postgres`;
  }

  get pid(): number | undefined {
    return this.#process?.end === undefined ? this.#process?.pid : undefined;
  }

  async initialise(): Promise<void> {
    const passwordFile = join(this.#folder.path, 'password');
    writeFileSync(passwordFile, this.#password, { mode: 0o644 });
    const logFile = join(this.#folder.path, 'initdb.log');
    const args = [
      `--pgdata=${this.dataDir}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      ...initdbArguments(this.#binaries.version),
      // The new files need not survive a power cut of the machine: the folder is deleted at the end anyway.
      '--no-sync',
      '--no-instructions',
    ];
    const initdb = startProcess(this.#spec(this.#binaries.initdb, args, logFile));
    const end = await until(() => initdb.end, LIMITS);
    await initdb.stop('SIGKILL');
    if (end?.ok !== true) throw notReady('initdb', end?.reason, logFile);
    await this.moveToAnotherPort();
  }

  async moveToAnotherPort(): Promise<void> {
    this.port = (await freePorts(1))[0] ?? 0;
  }

  async start(): Promise<void> {
    const settings = {
      ...POSTGRES_SETTINGS,
      ...this.#settings,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      port: String(this.port),
      // The reason why it did not start is read from the log.
      lc_messages: 'C',
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const started = await until(() => this.#tryToStart(['-D', this.dataDir, ...flags]), LIMITS);
    if (started === undefined) throw notReady('Postgres', undefined, this.#logFile);
  }

  /** `undefined` when processes of a server killed by `kill -9` still hold its memory. They end on their own soon. */
  async #tryToStart(args: readonly string[]): Promise<true | undefined> {
    this.#starts += 1;
    const spec = this.#spec(this.#binaries.postgres, args, this.#logFile);
    const server = startProcess(spec);
    this.#process = server;
    const answered = await until(() => (server.end === undefined ? this.#answers(server) : false), LIMITS);
    if (answered === true) return true;
    await server.stop('SIGKILL');
    if (answered === undefined) throw notReady('Postgres', undefined, this.#logFile);
    const log = lastLines(this.#logFile);
    if (log.includes('pre-existing shared memory block')) return undefined;
    if (!log.includes('could not bind IPv4 address')) throw notReady('Postgres', server.end?.reason, this.#logFile);
    throw new InfraError(
      'LF_INFRA_PORT_TAKEN',
      `another program listens on port ${this.port} of 127.0.0.1, where Postgres should; end it, or start a new server`,
    );
  }

  /** `undefined` while it starts or recovers, and refuses. */
  async #answers(server: ServerProcess): Promise<true | undefined> {
    // Whoever holds the port instead of our server cannot keep us waiting past its end, and cannot answer for it, since
    // the password is known here alone.
    return await Promise.race([
      runStatement(this.url, 'select 1').then(
        () => true as const,
        () => undefined,
      ),
      server.ended.then(() => undefined),
    ]);
  }

  createDatabase(name?: string): Promise<string> {
    return createDatabase(this.url, name);
  }

  async crash(): Promise<void> {
    await this.#process?.stop('SIGQUIT');
  }

  async restart(): Promise<void> {
    if (this.#stopped) {
      throw new InfraError('LF_INFRA_STOPPED', 'this Postgres was stopped and its data are deleted; start a new one');
    }
    await this.#process?.stop('SIGINT');
    await this.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    // Its data are deleted next, so nothing is worth a checkpoint.
    await this.#process?.stop('SIGQUIT');
    await this.#folder.remove();
  }

  /** One for each start: a failure is told by the lines of its own start. */
  get #logFile(): string {
    return join(this.#folder.path, `postgres-${this.#starts}.log`);
  }

  #spec(command: string, args: readonly string[], logFile: string): ProcessSpec {
    return {
      command,
      args,
      logFile,
      // To the watchdog as to us: SIGQUIT makes Postgres end its own children and give back its shared memory.
      stopSignal: 'SIGQUIT',
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
      cwd: this.#folder.path,
      account: this.#account,
    };
  }
}

function notReady(what: string, reason: string | undefined, logFile: string): InfraError {
  const how = reason === undefined ? `did not get ready within ${LIMITS.withinMs / 1000} s` : `ended with ${reason}`;
  return new InfraError(
    'LF_INFRA_NOT_READY',
    `${what} ${how}; the last lines of its log say why:\n${lastLines(logFile)}`,
  );
}
