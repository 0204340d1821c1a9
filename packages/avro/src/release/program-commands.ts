import { readFile } from 'node:fs/promises';
import type { t } from '@leftfold/core';
import { staleContracts, writeContracts } from '../contracts/write-contracts.ts';
import { builderCode } from '../import/builder-code.ts';
import { fileRegistry } from '../registry/file-registry.ts';
import type { SchemaRegistry } from '../registry/schema-registry.ts';
import { changedSince } from './changed-since.ts';
import { checkRelease } from './check-release.ts';
import { goneByContracts } from './contract-witness.ts';
import { keptTexts } from './golden/kept-texts.ts';
import { goldenFindings, writeGolden } from './golden/write-golden.ts';
import { UsageError } from './program-arguments.ts';
import { pushSchemas, type PushedSchema } from './push-schemas.ts';
import type { ReleaseFinding } from './release-finding.ts';
import type { SchemaProgramOptions } from './schema-program.ts';

/** What a command works with. */
export interface ProgramScene extends Omit<SchemaProgramOptions, 'registry'> {
  readonly registry: (url: string) => SchemaRegistry;
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
  /** Writes findings, each with its place in a folder, or in a registry where there is none. */
  readonly tell: (
    findings: readonly ReleaseFinding[],
    folder: string | undefined,
    grade?: 'error' | 'note',
  ) => Promise<void>;
}

/** Compares; changes nothing. */
export async function runCheck(
  scene: ProgramScene,
  {
    registry: url,
    since,
    released,
  }: { readonly registry?: string; readonly since?: string; readonly released: boolean },
): Promise<0 | 1> {
  const { catalogue, out, tell } = withEvents(scene);
  const folder = url === undefined ? scene.folder : undefined;
  const registry = folder === undefined ? scene.registry(url ?? '') : fileRegistry(folder);
  const report = await checkRelease(catalogue, registry, { exclusive: folder !== undefined });
  const golden = folder === undefined ? [] : await goldenFindings(catalogue, folder, scene, report.faults);
  const changed = folder === undefined || since === undefined ? [] : await changedSince(since, catalogue, folder);
  const gone = folder === undefined ? [] : await goneTexts(scene, registry, [...changed, ...report.faults, ...golden]);
  const unreleased = report.unreleased.filter(({ subject }) => !gone.some((one) => one.subject === subject));
  // Contracts follow a push, and a branch has what is not pushed yet.
  const waiting = unreleased.length > 0 && !released;
  const stale = folder === undefined ? [] : await contractFindings(scene, unreleased.length > 0);
  const faults = [...changed, ...report.faults, ...gone, ...golden, ...(waiting ? [] : stale)];
  await tell([...changed, ...report.faults, ...gone, ...golden], folder);
  await tell(unreleased, folder, released ? 'error' : 'note');
  await tell(stale, scene.contracts?.folder, waiting ? 'note' : 'error');
  const { versions, texts } = report.checked;
  const failed = faults.length + (released ? unreleased.length : 0);
  const open = unreleased.length === 0 ? '' : `, ${unreleased.length} not released yet`;
  out(
    `${count(versions, 'version')} of ${count(catalogue.events.length, 'event')} compared with ${count(texts, 'released text')} in ${report.registry}: ${count(faults.length, 'fault')}${open}`,
  );
  return failed === 0 ? 0 : 1;
}

/** A check of nothing would be green. */
function withEvents(scene: ProgramScene): ProgramScene {
  if (scene.catalogue.events.length > 0) return scene;
  throw new UsageError('the catalogue has no events, so there is nothing to check; list the aggregates in it');
}

async function goneTexts(
  { contracts }: ProgramScene,
  released: SchemaRegistry,
  told: readonly ReleaseFinding[],
): Promise<readonly ReleaseFinding[]> {
  return contracts === undefined ? [] : goneByContracts(contracts.folder, released, told);
}

/** One finding, whatever changed shows in both files. */
async function contractFindings(
  { catalogue, contracts }: ProgramScene,
  afterPush: boolean,
): Promise<readonly ReleaseFinding[]> {
  if (contracts === undefined) return [];
  const { folder, ...options } = contracts;
  const [file, ...others] = await staleContracts(catalogue, folder, options);
  if (file === undefined) return [];
  return [
    {
      kind: 'contracts-stale',
      event: file,
      subject: '',
      rule: 'contracts-stale',
      message: `this is not what the definitions say now${others.map((name) => `, nor is ${name}`).join('')}`,
      remedy: `write it with the command contracts${afterPush ? ', after push and golden' : ''}, and commit it`,
    },
  ];
}

/** Registers what is new, or nothing. */
export async function runPush(scene: ProgramScene, { registry: url }: { readonly registry?: string }): Promise<0 | 1> {
  const { catalogue, folder, out, tell } = withEvents(scene);
  const own = fileRegistry(folder);
  // A further text in the place of one that is gone would have its number.
  const kept = await keptTexts(catalogue, folder);
  const lost = [...kept, ...(await goneTexts(scene, own, kept))];
  if (lost.length > 0) {
    await tell(lost, folder);
    out(`${count(lost.length, 'fault')}: nothing was registered`);
    return 1;
  }
  // Told one by one, so that a push that is cut short has said how far it came.
  const onRegistered = ({ event, version, subject, id }: PushedSchema): void =>
    out(`${event} v${version}: ${subject} is registered, id ${id}`);
  const outcome =
    url === undefined
      ? await pushSchemas(catalogue, own, { exclusive: true, onRegistered })
      : await pushSchemas(catalogue, scene.registry(url), { released: own, onRegistered });
  if (outcome.kind === 'refused') {
    await tell(outcome.faults, url === undefined ? folder : undefined);
    out(`${count(outcome.faults.length, 'fault')}: nothing was registered in ${outcome.registry}`);
    return 1;
  }
  out(`${outcome.pushed.length} registered in ${outcome.registry}, ${outcome.already} there before`);
  if (url === undefined && outcome.pushed.length > 0)
    out(`next: the command golden,${scene.contracts === undefined ? '' : ' then contracts,'} then commit the folder`);
  return 0;
}

/** Adds to the golden corpus. */
export async function runGolden({ catalogue, folder, samples, out }: ProgramScene): Promise<0> {
  const { written, complete, leftOut } = await writeGolden(catalogue, folder, samples && { samples });
  for (const path of written) out(`written: ${path}`);
  for (const { text, sample, why } of leftOut) out(`${text}: left out the sample ${sample}: ${why}`);
  out(`${written.length} written, ${complete} complete`);
  return 0;
}

/** Prints a definition; what it cannot say goes to the error output, so that the code can be sent into a file. */
export async function runImport({ out, error }: ProgramScene, file: string): Promise<0 | 1> {
  let avro: t.Json;
  try {
    avro = JSON.parse(await readFile(file, 'utf8')) as t.Json;
  } catch (fault) {
    // The parser's message quotes the file.
    throw fault instanceof SyntaxError ? new UsageError(`${file} is no JSON`) : fault;
  }
  const { code, unsupported } = builderCode(avro);
  out(code.trimEnd());
  for (const { path, message } of unsupported) error(`${file}: ${path === '' ? '' : `${path}: `}${message}`);
  return unsupported.length === 0 ? 0 : 1;
}

/** Writes the contracts, of what is released alone: they are the second witness of that. */
export async function runContracts(scene: ProgramScene): Promise<0 | 1> {
  const { catalogue, contracts, folder: texts, out, tell } = scene;
  if (contracts === undefined)
    throw new UsageError('this program was not told where the contracts are; give schemaProgram its option contracts');
  const { folder, ...options } = contracts;
  const own = fileRegistry(texts);
  const report = await checkRelease(catalogue, own, { exclusive: true });
  const kept = [...report.faults, ...(await keptTexts(catalogue, texts))];
  const faults = [...kept, ...(await goneTexts(scene, own, kept))];
  if (faults.length + report.unreleased.length > 0) {
    await tell(faults, texts);
    if (faults.length === 0) await tell(report.unreleased, texts);
    const first = faults.length > 0 ? 'mend what check tells' : 'push, then golden';
    out(`nothing was written: contracts say what is released; first ${first}, then contracts`);
    return 1;
  }
  const written = await writeContracts(catalogue, folder, options);
  for (const name of written) out(`written: ${name}`);
  out(`${written.length} written in ${folder}`);
  return 0;
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
