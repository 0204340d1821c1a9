import { AssertionError } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import type { Catalogue } from '@leftfold/core';
import { fileRegistry } from '../../registry/file-registry.ts';
import { checkRelease } from '../check-release.ts';
import { avroOf } from '../../registry/checked-avro.ts';
import { incompatibilities } from '../../registry/incompatibilities.ts';
import { findingText } from '../release-finding.ts';
import { textFiles } from './text-files.ts';
import { GoldenBytes } from './golden-bytes.ts';
import { goldenPath, readGolden, type GoldenFile } from './golden-file.ts';
import { keptTexts } from './kept-texts.ts';
import { goldenFindings } from './write-golden.ts';
import { releasedCorpus, textName, type CorpusText } from './released-corpus.ts';
import { readToday } from './upcast-results.ts';

/** One thing that must stay true of released events. Fits any runner: `for (const { title, run } of goldenCases(…)) test(title, run)`. */
export interface GoldenCase {
  /** A sentence, with the released text it is about. */
  readonly title: string;
  /** Rejects with an `AssertionError` when today's code breaks it. */
  readonly run: () => Promise<void>;
}

/**
 * The golden corpus of a folder as test cases for the service's own suite: replays everything that was ever released against today's code. Reads the names of the files at once, the
 * rest when the cases run, in any order. Not one case is left out because a file is missing: that is what a case fails for.
 *
 * Per service: every released text is covered by a definition and obeys its subject's rule. Per subject: so did each further text. Per text: its bytes and
 * its JSON give today's reader the same values; upcasts give what was recorded, twice, and leave their (frozen) input as it was.
 */
export function goldenCases(catalogue: Catalogue, folder: string): readonly GoldenCase[] {
  const corpus = once(() => releasedCorpus(catalogue, folder));
  const bytes = once(() => Promise.resolve(new GoldenBytes(folder)));
  const findings = once(() => goldenFindings(catalogue, folder));
  const files = textFiles(folder);
  const textOf = async (name: string): Promise<CorpusText> =>
    (await corpus()).find((text) => textName(text) === name) ?? fail(`no definition has ${name} any more`);
  const whole: GoldenCase = {
    title: 'every released text is covered by a definition that may follow it',
    run: async () => {
      if (files.length === 0) fail(`${folder} has no released texts; push the schemas and write the golden corpus`);
      const report = await checkRelease(catalogue, fileRegistry(folder), { exclusive: true });
      const faults = [...report.faults, ...(await keptTexts(catalogue, folder))];
      if (faults.length > 0) fail(faults.map(findingText).join('\n'));
    },
  };
  const subjects = [...new Set(files.map(({ subject }) => subject))];
  return [
    whole,
    ...subjects.map((subject) => ({
      title: `${subject}: each revision obeys the subject's rule towards the earlier ones`,
      run: () => revisionsObey(folder, subject),
    })),
    ...files.flatMap(({ subject, revision, hasText }) => {
      const name = `${subject}/${revision}`;
      const sampled = async (): Promise<readonly [CorpusText, GoldenFile]> => {
        if (!hasText) return fail(`${name} was released, and its text is gone; bring it back`);
        const text = await textOf(name);
        const file = await readGolden(goldenPath(folder, subject, revision));
        if (file === undefined || file === 'invalid')
          return fail(
            `the golden file of ${name} is ${file ?? 'missing'}; write it with the command golden, and commit it`,
          );
        return [text, file];
      };
      return [
        {
          title: `${name}: its Avro bytes and its JSON give today's reader the same values`,
          run: async () => bytesAndJsonAgree(...(await sampled()), await bytes()),
        },
        {
          title: `${name}: reading and upcasting give what was recorded, twice, and leave their input as it was`,
          run: async () => {
            await sampled();
            const own = (await findings()).filter((one) => one.subject === subject && one.revision === revision);
            if (own.length > 0) fail(own.map(findingText).join('\n'));
          },
        },
      ];
    }),
  ];
}

async function bytesAndJsonAgree(text: CorpusText, { samples }: GoldenFile, bytes: GoldenBytes): Promise<void> {
  for (const { name, json, avro } of samples) {
    const fromJson = readToday(text, json);
    if ('fault' in fromJson) return fail(`${textName(text)}, sample ${name}: ${fromJson.fault}`);
    let fromBytes: unknown;
    try {
      fromBytes = await bytes.decoded(text, avro);
    } catch (error) {
      return fail(`${textName(text)}, sample ${name}: today's reader does not decode its bytes: ${String(error)}`);
    }
    if (!isDeepStrictEqual(fromBytes, fromJson.value))
      throw new AssertionError({
        message: `${textName(text)}, sample ${name}: its bytes and its JSON are read as different values`,
        actual: fromBytes,
        expected: fromJson.value,
        operator: 'deepStrictEqual',
      });
  }
}

async function revisionsObey(folder: string, subject: string): Promise<void> {
  const registry = fileRegistry(folder);
  const [texts, mode] = [await registry.versions(subject), await registry.compatibility(subject)];
  const faults = texts.flatMap((text, i) => {
    const avro = avroOf(text);
    if ('why' in avro) return [`${subject}/${text.version}: ${avro.why}`];
    return incompatibilities(avro.json, texts.slice(0, i), mode).map(
      ({ earlier, reader, mismatch }) =>
        `${subject}/${text.version} ${reader === 'further' ? 'cannot read' : 'cannot be read by'} revision ${earlier.version} (${mode}): ` +
        `${mismatch.path} ${mismatch.message} [${mismatch.rule}]`,
    );
  });
  if (faults.length > 0) fail(faults.join('\n'));
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

function fail(message: string): never {
  throw new AssertionError({ message });
}
