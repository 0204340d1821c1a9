import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startKafka, startPostgres, startRegistry } from '@leftfold/infra';
import type { Mutant } from './mutant.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LIMIT_MS = 240_000;

/** What vitest writes with `--reporter=json`, as far as it is read here. */
interface Results {
  readonly testResults: readonly { readonly assertionResults: readonly { readonly status: string }[] }[];
}

/** A copy of the sources in which they are broken, so that the checkout is never touched, beside one Postgres, one Kafka and one schema registry for all runs. */
export class Laboratory {
  readonly #folder: string;
  readonly #servers: readonly { stop(): Promise<void> }[];
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(folder: string, servers: readonly { stop(): Promise<void> }[], environment: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.#servers = servers;
    this.#environment = environment;
  }

  static async open(): Promise<Laboratory> {
    const [postgres, kafka, registry] = await Promise.all([
      startPostgres(),
      startKafka({ brokers: 1 }),
      startRegistry(),
    ]);
    const folder = copyOfSources();
    const environment = {
      ...process.env,
      NODE_OPTIONS: '',
      LEFTFOLD_POSTGRES_URL: postgres.url,
      LEFTFOLD_KAFKA_BROKERS: kafka.brokers.join(','),
      LEFTFOLD_REGISTRY_URL: registry.url,
    };
    return new Laboratory(folder, [postgres, kafka, registry], environment);
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Why the mutant's test says nothing on sound sources; `undefined` when it passes there. */
  async faultOfSound(mutant: Mutant): Promise<string | undefined> {
    const statuses = await this.#run(mutant);
    if (statuses.length === 0) return `no test of ${mutant.test} is named ${mutant.testName ?? 'anything'}`;
    return statuses.includes('failed') ? `${mutant.test} fails on sound sources, too` : undefined;
  }

  /** Why the mutant lives; `undefined` when it is caught: a test ran and failed. */
  async faultOf(mutant: Mutant): Promise<string | undefined> {
    const sound = new Map<string, string>();
    try {
      for (const { file, find, replace } of [mutant, ...(mutant.also ?? [])]) {
        const path = join(this.#folder, file);
        const source = existsSync(path) ? readFileSync(path, 'utf8') : '';
        const places = source.split(find).length - 1;
        if (places !== 1) return `what it replaces stands ${places} times in ${file}`;
        sound.set(path, source);
        writeFileSync(
          path,
          source.replace(find, () => replace),
        );
      }
      const statuses = await this.#run(mutant);
      if (statuses.includes('failed')) return undefined;
      return statuses.length === 0 ? 'no test ran: the broken source does not load' : `${mutant.test} passes`;
    } finally {
      for (const [path, source] of sound) writeFileSync(path, source);
    }
  }

  /** How the tests ended that ran. */
  #run({ test, testName }: Mutant): Promise<readonly string[]> {
    const output = join(this.#folder, 'results.json');
    rmSync(output, { force: true });
    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
    const name = testName === undefined ? [] : ['-t', testName.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')];
    const args = [vitest, 'run', test, ...name, '--reporter=json', `--outputFile=${output}`, '--bail=1'];
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        args,
        { cwd: this.#folder, env: this.#environment, timeout: LIMIT_MS, maxBuffer: 2 ** 28 },
        () => {
          const results = existsSync(output)
            ? (JSON.parse(readFileSync(output, 'utf8')) as Results)
            : { testResults: [] };
          const statuses = results.testResults.flatMap(({ assertionResults }) =>
            assertionResults.map(({ status }) => status),
          );
          resolve(statuses.filter((status) => status === 'passed' || status === 'failed'));
        },
      );
    });
  }
}

/** What git knows or would know, with the packages' links to each other; the installed packages themselves are shared. */
function copyOfSources(): string {
  const folder = mkdtempSync(join(tmpdir(), 'leftfold-mutants-'));
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const files = list.split('\0').filter((file) => file !== '' && existsSync(join(ROOT, file)));
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const workspaces = files.filter((file) => file.endsWith('/package.json')).map(dirname);
  for (const workspace of workspaces) {
    const links = join(ROOT, workspace, 'node_modules');
    if (existsSync(links))
      cpSync(links, join(folder, workspace, 'node_modules'), { recursive: true, verbatimSymlinks: true });
  }
  return folder;
}
