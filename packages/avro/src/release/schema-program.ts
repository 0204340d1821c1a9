import { LeftfoldError, type Catalogue, type NewEvent } from '@leftfold/core';
import type { ContractsOptions } from '../contracts/contracts-options.ts';
import { confluentRegistry } from '../registry/confluent-registry.ts';
import type { SchemaRegistry } from '../registry/schema-registry.ts';
import { GoldenChanged } from './golden/write-golden.ts';
import { runCheck, runContracts, runGolden, runImport, runPush } from './program-commands.ts';
import { readArguments, USAGE, UsageError } from './program-arguments.ts';
import { findingPlace } from './finding-place.ts';
import { findingText, type ReleaseFinding } from './release-finding.ts';

/** What the program of a service is made of. */
export interface SchemaProgramOptions {
  /** Every event of the service. */
  readonly catalogue: Catalogue;
  /** The released texts and the golden corpus, committed in git. Made by the first push. */
  readonly folder: string;
  /** How the URL given with `--registry` becomes a registry, e.g. with credentials and certificates from the environment. Default: `confluentRegistry({ url })`. */
  readonly registry?: (url: string) => SchemaRegistry;
  /** For the command `contracts`, and so that `check` sees when they are stale. */
  readonly contracts?: ContractsOptions & { readonly folder: string };
  /** Events as they really were, for the command `golden`: see {@link GoldenOptions}. */
  readonly samples?: readonly NewEvent[];
}

/** Where the program writes, a line at a time. Default: the process's own output. */
export interface ProgramOutput {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
}

const PROCESS: ProgramOutput = {
  out: (line) => void process.stdout.write(`${line}\n`),
  error: (line) => void process.stderr.write(`${line}\n`),
};

/**
 * The program `schema` of a service: `check`, `push`, `golden`, `import`, `contracts`; `--help` says what each does. Findings are written one a line, each with its place,
 * field, rule and remedy. Prints no credentials.
 * @param argv without the names of node and script
 * @returns the exit code: 0 all is well; 1 there are faults; 2 it could not be done: a wrong argument, a registry out of reach. With a fault of the gate nothing was released or
 * written. Where a registry fails or refuses in the middle of a push, what it had taken by then is told; run it again.
 */
export async function schemaProgram(
  argv: readonly string[],
  options: SchemaProgramOptions,
  io: ProgramOutput = PROCESS,
): Promise<0 | 1 | 2> {
  const { out, error } = hidingCredentials(io);
  const tell = async (
    findings: readonly ReleaseFinding[],
    folder: string | undefined,
    grade = 'error',
  ): Promise<void> => {
    for (const one of findings) out(`${await findingPlace(one, folder)}: ${grade}: ${findingText(one)}`);
  };
  const { registry = (url: string) => confluentRegistry({ url }) } = options;
  try {
    const given = readArguments(argv);
    const scene = { ...options, registry, out, error, tell };
    switch (given.command) {
      case 'help':
        out(USAGE);
        return 0;
      case 'check':
        return await runCheck(scene, given);
      case 'push':
        return await runPush(scene, given);
      case 'golden':
        return await runGolden(scene);
      case 'import':
        return await runImport(scene, given.file);
      case 'contracts':
        return await runContracts(scene);
    }
  } catch (fault) {
    if (fault instanceof GoldenChanged) {
      await tell(fault.findings, options.folder);
      error('nothing was written');
      return 1;
    }
    error(messageOf(fault));
    if (fault instanceof UsageError) error(USAGE);
    return isRefused(fault) ? 1 : 2;
  }
}

/** What nobody foresaw is told with its place. */
function messageOf(fault: unknown): string {
  if (fault instanceof LeftfoldError) return `${fault.code}: ${fault.message}`;
  if (!(fault instanceof Error)) return String(fault);
  return fault instanceof UsageError || 'code' in fault ? fault.message : (fault.stack ?? fault.message);
}

const isRefused = (fault: unknown): boolean =>
  ['LF_SCHEMA_INCOMPATIBLE', 'LF_SCHEMA_REFUSED'].includes(String((fault as { readonly code?: unknown } | null)?.code));

/** Whatever a message quotes (arguments, addresses of a cause), a password in a URL is not to stand in the log of a build. */
function hidingCredentials({ out, error }: ProgramOutput): ProgramOutput {
  const hide = (line: string): string => line.replaceAll(/\/\/[^\s/@]*(?:@[^\s/@]*)*@/g, '//***@');
  return { out: (line) => out(hide(line)), error: (line) => error(hide(line)) };
}
