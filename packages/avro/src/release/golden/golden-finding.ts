import type { ReleaseFinding, ReleaseFindingKind } from '../release-finding.ts';
import type { CorpusText } from './released-corpus.ts';

/** What is wrong with a sample, and in which field. */
export interface Wrong {
  readonly message: string;
  readonly field?: string;
}

/** What many samples show is told once. */
export class Told {
  readonly #samples = new Map<string, { readonly wrong: Wrong; readonly first: string; more: number }>();

  note(sample: string, wrong: Wrong): void {
    const known = this.#samples.get(wrong.message);
    if (known === undefined) this.#samples.set(wrong.message, { wrong, first: sample, more: 0 });
    else known.more += 1;
  }

  findings(text: CorpusText): ReleaseFinding[] {
    return [...this.#samples.values()].map(({ wrong: { message, field }, first, more }) => ({
      ...changed(text, `sample ${first}${more === 0 ? '' : ` and ${more} more`}: ${message}`, CORRECT),
      ...(field !== undefined && { field }),
    }));
  }
}

/** Remedy where a file is not as it was committed. */
export const RESTORE = 'bring the file back as it was committed';
const CORRECT =
  'events of this shape are in the log: let the code give what it gave; a new meaning is a new version of the event';
/** Remedy where generated values do not do. */
export const GIVE = 'give events that can be (samples), or make the upcasters take what the schema takes';

/** Today's code says otherwise than the golden file of a text. */
export const changed = (text: CorpusText, message: string, remedy: string): ReleaseFinding =>
  finding('golden-changed', text, message, remedy);

/** A finding about the golden file of a text. */
export function finding(kind: ReleaseFindingKind, text: CorpusText, message: string, remedy: string): ReleaseFinding {
  const { type, version, subject, revision } = text;
  return { kind, event: type.type, version: version.version, subject, revision, rule: kind, message, remedy };
}
