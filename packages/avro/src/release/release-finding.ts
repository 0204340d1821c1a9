/**
 * What the gate can find. `incompatible`: a text that the subject's rule forbids; `text-invalid`: a released text that is no Avro;
 * `text-changed`: a released text that was edited or removed; `version-gap` and `text-gone`: one that is gone, as a later version, or the committed contracts, tell; `version-removed` and
 * `event-removed`: released, and defined no more; `unreleased`: defined, and not released yet; `golden-missing`, `golden-stale` and `golden-changed`: the golden
 * corpus lacks a text, lacks results, or says otherwise than today's code; `contracts-stale`: generated contracts are not those of the code.
 */
export type ReleaseFindingKind =
  | 'incompatible'
  | 'text-invalid'
  | 'text-changed'
  | 'version-gap'
  | 'text-gone'
  | 'version-removed'
  | 'event-removed'
  | 'unreleased'
  | 'golden-missing'
  | 'golden-stale'
  | 'golden-changed'
  | 'contracts-stale';

/** One thing that the gate has to say, with what to do about it. */
export interface ReleaseFinding {
  readonly kind: ReleaseFindingKind;
  /** Wire name of the event; its subject where that is none of an event. */
  readonly event: string;
  /** Of the event; `undefined` where the subject names none. */
  readonly version?: number;
  readonly subject: string;
  /** The released text in question: its version under the subject. */
  readonly revision?: number;
  /** Path of the field, as `lines[].price.cents`; absent where the event as a whole is meant. */
  readonly field?: string;
  /**
   * A stable name: of the rule of Avro's schema resolution that is broken, one that is ours (`reading-changed`, `personal-removed`, `subject-changed`,
   * `erased-as-changed`), or the finding's kind.
   */
  readonly rule: string;
  readonly message: string;
  readonly remedy: string;
}

/** What was compared and what was found. Every list is in order of event names, versions and revisions. */
export interface ReleaseReport {
  /** Where the released texts are, without credentials. */
  readonly registry: string;
  /** What must not be released, or not in this way. */
  readonly faults: readonly ReleaseFinding[];
  /** What a push would release. No fault: a branch has such definitions until it is pushed. */
  readonly unreleased: readonly ReleaseFinding[];
  /** How much was looked at: versions of the definitions, released texts they were compared with. */
  readonly checked: { readonly versions: number; readonly texts: number };
}

/** Remedy where a text is gone. */
export const RESTORE_TEXT = 'restore it from git; events of it stay in the log for ever';

/** One line for people, without its place: `orders.order.placed v2, total: …; remedy [rule]`. */
export function findingText({ kind, event, version, field, rule, message, remedy }: ReleaseFinding): string {
  // Of a file; its place has the name.
  if (kind === 'contracts-stale') return `${message}; ${remedy} [${rule}]`;
  const what = [`${event}${version === undefined ? '' : ` v${version}`}`, ...(field === undefined ? [] : [field])];
  return `${what.join(', ')}: ${message}; ${remedy} [${rule}]`;
}
