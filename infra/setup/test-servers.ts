import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { InfraError, startKafka, startPostgres, startRegistry } from '../src/index.ts';
import { runCommand } from './run-command.mjs';

const root = join(import.meta.dirname, '..', '..');
/** Folders of `test/` whose processes are the compiled apps; all others run on the sources. */
const withApps = ['demo', 'e2e'];

declare module 'vitest' {
  /** What the integration tests get by `inject(…)`. Every test makes its own databases, topics and groups there. */
  export interface ProvidedContext {
    /** `postgres://user:password@host:port/postgres` of a superuser of the run's one Postgres. */
    postgresUrl: string;
    /** Addresses of the run's one Kafka, `host:port`. */
    kafkaBrokers: string[];
    /**
     * Base URL of Confluent's API of the run's one schema registry. Every test has subjects of its own there; who changes the rule of the whole registry starts
     * one of his own.
     */
    registryUrl: string;
  }
}

/**
 * Prepares, once per run, what the chosen integration tests need, and stops it after the last one: the servers that
 * they ask for by `inject('…')`, and the compiled apps for those under `test/` whose processes run them. Without
 * Kafka, or without a registry, the others still run: `inject('kafkaBrokers')` is undefined, so that whatever needs it fails,
 * and the reason is printed before the first test and again after the last one.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const files = await chosenFiles(project);
  if (files.some((file) => withApps.some((folder) => file.startsWith(join(root, 'test', folder))))) await build();

  const text = textBeside(files);
  const postgres = text.includes("inject('postgresUrl')") ? startPostgres() : undefined;
  const kafka = text.includes("inject('kafkaBrokers')") ? startKafka({ brokers: 1 }) : undefined;
  const registry = text.includes("inject('registryUrl')") ? startRegistry() : undefined;
  await Promise.allSettled([postgres, kafka, registry]);
  await report(async () => {
    const server = await postgres;
    if (server !== undefined) project.provide('postgresUrl', server.url);
  });
  await report(async () => {
    const cluster = await kafka;
    if (cluster !== undefined) project.provide('kafkaBrokers', [...cluster.brokers]);
  });
  await report(async () => {
    const server = await registry;
    if (server !== undefined) project.provide('registryUrl', server.url);
  });
  return async () => {
    await report(async () => await (await registry)?.stop());
    await report(async () => await (await postgres)?.stop());
    await report(async () => await (await kafka)?.stop());
  };
}

async function report(step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    console.error(`FAIL ${error.message}. The tests that need it fail.`);
  }
}

async function build(): Promise<void> {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const exitCode = await runCommand(process.execPath, [tsc, '--build'], { cwd: root });
  // It compiles what it can, and a test of something else need not wait for the rest.
  if (exitCode !== 0) console.error('FAIL the build, see above. The apps may be older than their sources.');
}

async function chosenFiles(project: TestProject): Promise<readonly string[]> {
  // Not in vitest's types. Without it every test counts as chosen, and the servers are started at worst in vain.
  const { filenamePattern } = project.vitest as { filenamePattern?: string[] };
  return (await project.globTestFiles(filenamePattern)).testFiles;
}

/** The texts of the files with what lies beside them: there the `inject` may stand for several. */
function textBeside(files: readonly string[]): string {
  const folders = new Set(files.map((file) => dirname(file)));
  return [...folders]
    .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
}
