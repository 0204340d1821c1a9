import { parseArgs } from 'node:util';

/** The arguments are none that the program knows. Told with the usage; no part of the framework throws it. */
export class UsageError extends Error {}

/** What the arguments ask for. */
export type ProgramArguments =
  | { readonly command: 'help' | 'golden' | 'contracts' }
  | { readonly command: 'check'; readonly registry?: string; readonly since?: string; readonly released: boolean }
  | { readonly command: 'push'; readonly registry?: string }
  | { readonly command: 'import'; readonly file: string };

export const USAGE = `schema check [--registry <url>] [--since <commit>] [--released]
    compares the definitions with the released texts in the folder (or in the registry), the golden corpus and the contracts; --released: also
    fails for what is not released yet, as before a deployment; --since origin/main: also for released texts and samples that this branch
    edited or removed, as git tells
schema push [--registry <url>]
    releases what is new into the folder, to be committed; with --registry: registers there what the folder has
schema golden
    adds to the golden corpus what it lacks: samples of the released texts, their bytes, and what today's code makes of them
schema import <file.avsc>
    prints the definition that an Avro schema stands for
schema contracts
    writes the contracts of what is released, after push: AsyncAPI and the catalogue
Exit code: 0 all is well, 1 there are faults, 2 it could not be done.`;

/** Which options a command takes. */
const OPTIONS: { readonly [command: string]: readonly string[] } = {
  check: ['registry', 'released', 'since'],
  push: ['registry'],
  golden: [],
  import: [],
  contracts: [],
};

/** Reads the arguments; refuses what means nothing, so that a misspelt `--released` lets nothing pass. @throws {@link UsageError} */
export function readArguments(argv: readonly string[]): ProgramArguments {
  const { values, positionals } = parsed(argv);
  if (values.help === true) return { command: 'help' };
  const [command, ...rest] = positionals;
  if (command === undefined) throw new UsageError('say what to do: check, push, golden, import or contracts');
  const allowed = OPTIONS[command];
  if (allowed === undefined || !Object.hasOwn(OPTIONS, command))
    throw new UsageError(`there is no command '${command}'`);
  const foreign = Object.keys(values).find((name) => !allowed.includes(name));
  if (foreign !== undefined) throw new UsageError(`${command} takes no --${foreign}`);
  const [file, ...others] = rest;
  if (command === 'import') {
    if (file === undefined || others.length > 0) throw new UsageError('import takes one file');
    return { command, file };
  }
  if (rest.length > 0)
    throw new UsageError(`${command} takes no further argument; a registry is given with --registry`);
  const registry = values.registry === undefined ? {} : { registry: values.registry };
  if (values.registry === '') throw new UsageError('--registry is empty; give its URL, or leave it out for the folder');
  switch (command) {
    case 'check':
      if (values.since === '' || (values.since !== undefined && values.registry !== undefined))
        throw new UsageError('--since takes a commit, and looks at the folder; it goes without --registry');
      return {
        command,
        ...registry,
        ...(values.since !== undefined && { since: values.since }),
        released: values.released === true,
      };
    case 'push':
      return { command, ...registry };
    default:
      return { command: command === 'golden' ? 'golden' : 'contracts' };
  }
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        registry: { type: 'string' },
        released: { type: 'boolean' },
        since: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
