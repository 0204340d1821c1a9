/**
 * The command `npm run test:other-servers [-- --only postgres15] [-- FILTER …]`: the integration tests of `packages/postgres` on servers that the project does
 * not bring: Postgres 15, and Postgres 18 behind PgBouncer in transaction mode. A server that is not installed is a failure, unless it is left out by
 * `--only`. The last line sums up; exit code 1 when anything failed.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findPgBouncer, findPostgres, InfraError, startPgBouncer, startPostgres } from '../src/index.ts';
import { closingLine, countTests, type TestCount } from './count-tests.ts';
import { namesFor } from './left-out-tests.ts';
import { runVitest } from './run-vitest.ts';

const root = join(import.meta.dirname, '..', '..');

/** A server, and how the tests are run on it. */
interface OtherServer {
  readonly name: string;
  /** Resolves with what is missing, in words, or the count of the run. */
  readonly run: (filters: readonly string[]) => Promise<TestCount | string>;
}

const servers: readonly OtherServer[] = [
  {
    name: 'postgres15',
    async run(filters) {
      const folder = findPostgres(15);
      if (folder === undefined) {
        return 'there is no Postgres 15 on the path or in /usr/lib/postgresql/15/bin; Debian 12 has it: apt-get install postgresql-15';
      }
      return runTests('postgres15', filters, { LEFTFOLD_POSTGRES_BIN: folder });
    },
  },
  {
    name: 'pgbouncer',
    async run(filters) {
      const program = findPgBouncer();
      if (program === undefined) {
        return 'there is no pgbouncer on the path or in /usr/sbin; Debian has it: apt-get install pgbouncer';
      }
      const postgres = await startPostgres({ own: true });
      const bouncer = await startPgBouncer(program, postgres);
      try {
        return await runTests('pgbouncer', filters, { LEFTFOLD_POSTGRES_URL: bouncer.url });
      } finally {
        await bouncer.stop();
        await postgres.stop();
      }
    },
  },
];

async function runTests(
  server: string,
  filters: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<TestCount> {
  const args = ['--project', 'other-servers', '-t', namesFor(server), ...filters];
  const { report, exitCode } = await runVitest(root, args, { ...env, LEFTFOLD_OTHER_SERVER: server });
  return countTests(report, exitCode, []);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
  const chosen = servers.filter(({ name }) => values.only === undefined || values.only === name);
  if (chosen.length === 0) {
    throw new InfraError(
      'LF_INFRA_BAD_SETTING',
      `there is no other server '${values.only}'; use one of ${servers.map(({ name }) => name).join(', ')}`,
    );
  }
  const lines: string[] = [];
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, run } of chosen) {
    const outcome = await run(positionals);
    const count = typeof outcome === 'string' ? { passed: 0, failed: 1, skipped: 0, problems: [outcome] } : outcome;
    sum.passed += count.passed;
    sum.failed += count.failed;
    sum.skipped += count.skipped;
    lines.push(...count.problems.map((problem) => `FAIL ${name}: ${problem}`), `${name}: ${closingLine(count)}`);
  }
  console.log(`\n${lines.join('\n')}\n${closingLine(sum)}`);
  if (sum.failed > 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof InfraError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
