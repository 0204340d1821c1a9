import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LeftfoldError, type Catalogue, type NewEvent } from '@leftfold/core';
import { findingText, type ReleaseFinding } from '../release-finding.ts';
import { finding } from './golden-finding.ts';
import { goldenPlans, type LeftOutSample } from './golden-plan.ts';
import { goldenText } from './golden-file.ts';
import { keptTexts } from './kept-texts.ts';

/** Today's code makes something else of old events than the golden corpus says. Nothing was written. `LF_GOLDEN_CHANGED` */
export class GoldenChanged extends LeftfoldError {
  readonly code = 'LF_GOLDEN_CHANGED' as const;
  readonly retryable = false as const;
  readonly findings: readonly ReleaseFinding[];

  constructor(findings: readonly ReleaseFinding[]) {
    super(
      `the golden corpus says otherwise than today's code, so nothing was written: ${findings.map(findingText).join(' · ')}`,
    );
    this.findings = findings;
  }
}

/** Options of {@link writeGolden}. */
export interface GoldenOptions {
  /**
   * Events as they really were, made with `orderPlaced(…)` or `orderPlaced.at(1, …)`, beside the generated values: where an upcaster rests on more than the Avro text says, such as a pattern.
   * They must meet the constraints of their version, and go with the text that the definition has now.
   */
  readonly samples?: readonly NewEvent[];
}

/** What was written. */
export interface GoldenReport {
  /** Paths of the files that are new, and of those that have new entries. */
  readonly written: readonly string[];
  /** Files that had everything. */
  readonly complete: number;
  /** Generated samples that today's code cannot take; told once, when their file is made. */
  readonly leftOut: readonly LeftOutSample[];
}

/**
 * Writes what the golden corpus of a folder lacks: for each released text `<subject>/<n>.avsc` a file `<n>.golden.json` with sample values, their Avro bytes, and what today's
 * definitions make of them in each released text of this and of all later versions. What stands in a file never changes; a second call writes nothing.
 *
 * Samples follow from the text alone, so everybody's are the same. Those that today's definitions cannot take are left out, from the farthest values inwards.
 * @throws {@link GoldenChanged} `LF_GOLDEN_CHANGED` when today's code gives other results or bytes than recorded, a released text or a golden file was edited, or no sample of a text can be
 * read; nothing is written then
 * @throws {@link EventInvalid} `LF_EVENT_INVALID` when a given sample is none of its version
 */
export async function writeGolden(
  catalogue: Catalogue,
  folder: string,
  { samples = [] }: GoldenOptions = {},
): Promise<GoldenReport> {
  const plans = await goldenPlans(catalogue, folder, samples);
  const faults = [...(await keptTexts(catalogue, folder)), ...plans.flatMap((plan) => plan.faults)];
  if (faults.length > 0) throw new GoldenChanged(faults);
  const lacking = plans.filter(({ before, missing }) => before === undefined || missing > 0);
  for (const { path, after } of lacking) {
    await mkdir(dirname(path), { recursive: true });
    // Whole or not at all: half a file would be one that says otherwise.
    await writeFile(`${path}.new`, goldenText(after));
    await rename(`${path}.new`, path);
  }
  return {
    written: lacking.map(({ path }) => path),
    complete: plans.length - lacking.length,
    leftOut: lacking.flatMap(({ before, leftOut }) => (before === undefined ? leftOut : [])),
  };
}

/**
 * What {@link writeGolden} would write or refuse, as findings for the gate. Reads only.
 * @param told faults of the check. A definition that cannot read a text fails each of its samples: the reason is told, and not what follows from it
 */
export async function goldenFindings(
  catalogue: Catalogue,
  folder: string,
  { samples = [] }: GoldenOptions = {},
  told: readonly ReleaseFinding[] = [],
): Promise<readonly ReleaseFinding[]> {
  const unread = told.filter(({ kind, rule }) => kind === 'incompatible' && !READABLE.has(rule));
  const plans = await goldenPlans(catalogue, folder, samples);
  const found = plans.flatMap(({ text, before, missing, faults }): readonly ReleaseFinding[] => {
    if (unread.some((one) => one.subject === text.subject && one.revision === text.revision)) return [];
    if (faults.length > 0) return faults;
    const revision = `revision ${text.revision}`;
    if (before === undefined)
      return [
        finding(
          'golden-missing',
          text,
          `${revision} has no golden file`,
          'write it with the command golden, and commit it',
        ),
      ];
    if (missing === 0) return [];
    const message = `the golden file of ${revision} lacks ${missing} results of later texts`;
    return [finding('golden-stale', text, message, 'add them with the command golden, and commit the file')];
  });
  return [...(await keptTexts(catalogue, folder)), ...found];
}

/** What a text may be refused for that reads the earlier one. */
const READABLE: ReadonlySet<string> = new Set([
  'reading-changed',
  'personal-removed',
  'subject-changed',
  'erased-as-changed',
]);
