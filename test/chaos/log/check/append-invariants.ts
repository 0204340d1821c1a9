import type { PlannedAppend } from '../history/history.ts';
import { signatureOf, type Call, type Fates } from './fates.ts';
import type { StoredLog, VersionBounds } from './stored-log.ts';
import type { Violations } from '../../violation.ts';

/** What may be in the way for a while. After each of them nothing was written. */
const TRANSIENT = ['LF_LOCK_TIMEOUT', 'LF_SERIALIZATION', 'LF_STORAGE_UNAVAILABLE', 'LF_APPEND_QUEUE_FULL'];
const EXPECTED = new Set([
  ...TRANSIENT,
  // Given up by its caller before it was sent.
  'aborted',
  'LF_CONFLICT',
  'LF_UNIQUE_KEY_TAKEN',
  'LF_EVENT_ID_REUSED',
  'LF_OUTCOME_UNKNOWN',
]);

/** Each answer is one that the stream allowed: accepted where it stood as expected, refused where it did not, repeated where it was there. */
export function checkAppends(fates: Fates, log: StoredLog, violations: Violations): void {
  const touched = new Map<string, Set<string>>();
  const sent = Map.groupBy(fates.calls, signatureOf);
  for (const call of fates.calls) {
    if (call.code !== undefined && !EXPECTED.has(call.code)) {
      violations.add('fault', `${call.id} failed with ${call.code}, which is no fault of a store`);
    }
    // Of one that nobody knows of, and that was made again, the events may be the other one's.
    const isOwn = call.fate === 'written' || sent.get(signatureOf(call))?.length === 1;
    if (call.fate !== 'refused' && isOwn) checkPlaces(call, log, violations);
    const ids = call.appends.flatMap((append) => append.ids);
    if (call.code === 'LF_EVENT_ID_REUSED' && !ids.some((id) => fates.shared.has(id))) {
      violations.add('repeat', `${call.id} is said to use ids again, and nobody else has used them`);
    }
    const before = touched.get(call.tx ?? '') ?? new Set<string>();
    if (call.answer?.kind === 'conflict' || call.code === 'LF_CONFLICT') checkRefusal(call, before, log, violations);
    if (call.tx !== undefined) touched.set(call.tx, before.union(new Set(call.appends.map(({ stream }) => stream))));
  }
  checkRepeats(fates, violations);
}

/** Its events stand one after the other, where it expected its stream to end, and where it was told. */
function checkPlaces(call: Call, log: StoredLog, violations: Violations): void {
  const told = call.answer?.kind === 'appended' ? call.answer : undefined;
  if (told === undefined && call.answer !== undefined) return;
  for (const [index, { stream, expect, ids }] of call.appends.entries()) {
    const rows = log.rowsOf(ids);
    const [first] = rows;
    // Lost or torn: said already.
    if (first === undefined || rows.length !== ids.length) continue;
    const start = BigInt(first.version);
    const isInLine = rows.every((row, nth) => row.stream === stream && BigInt(row.version) === start + BigInt(nth));
    if (!isInLine) violations.add('place', `${call.id}: its events do not stand one after the other in ${stream}`);
    else if (!holds(expect, start - 1n)) {
      violations.add('expectation', `${call.id} expected ${stream} at ${expect} and was written at ${start - 1n}`);
    }
    const last = String(start + BigInt(ids.length) - 1n);
    const version = told?.versions[index];
    if (version !== undefined && version !== last) {
      violations.add('version told', `${call.id} was told ${version} of ${stream}, and ends at ${last}`);
    }
  }
}

/** Refused, though its streams stood as expected all the time? Streams that its own transaction had touched before are its own affair. */
function checkRefusal(call: Call, before: ReadonlySet<string>, log: StoredLog, violations: Violations): void {
  // A transaction may see what was there when it began, which is not recorded.
  const [begin, end] = call.tx === undefined ? [call.invoked.at, call.settledAt] : [-Infinity, Infinity];
  const isUnmet = ({ stream, expect }: PlannedAppend): boolean =>
    before.has(stream) || !holdsWithin(expect, log.bounds(stream, begin, end));
  if (!call.appends.some(isUnmet)) {
    violations.add('refused', `${call.id} was a conflict, though its streams stood where it expected them`);
  }
  if (call.answer?.kind !== 'conflict' || call.tx !== undefined) return;
  const { stream, actual } = call.answer;
  const named = call.appends.find((append) => append.stream === stream);
  if (named === undefined) return violations.add('refused', `${call.id} was told of ${stream}, which it did not name`);
  const { least, most } = log.bounds(stream, begin, end);
  // Where it was left by a call that was under way as well is where this one may have been refused, told by that one's answer.
  const left = log.streams.get(stream)?.[Number(actual) - 1];
  const isCurrent = BigInt(actual) >= least || (left !== undefined && log.isWrittenAfter(left.id, begin));
  if (!isCurrent || BigInt(actual) > most) {
    violations.add(
      'version told',
      `${call.id} was told that ${stream} stands at ${actual}; it stood between ${least} and ${most}`,
    );
  }
}

/** What is known to be written is not written again, nor refused. */
function checkRepeats({ calls, writtenAt }: Fates, violations: Violations): void {
  const firsts = new Map<string, Call>();
  for (const call of calls) {
    const ids = call.appends.flatMap((append) => append.ids);
    if (ids.length === 0) continue;
    const first = firsts.get(signatureOf(call));
    if (first === undefined) firsts.set(signatureOf(call), call);
    const isRepeated = first !== undefined && ids.every((id) => (writtenAt.get(id) ?? Infinity) <= call.invoked.at);
    if (!isRepeated) continue;
    const isFine =
      call.answer === undefined
        ? call.code === undefined ||
          call.code === 'LF_OUTCOME_UNKNOWN' ||
          call.code === 'aborted' ||
          TRANSIENT.includes(call.code)
        : call.answer.kind === 'replied' || (call.answer.kind === 'appended' && call.answer.already);
    if (!isFine) {
      const told = call.answer === undefined ? call.code : JSON.stringify(call.answer);
      violations.add('repeat', `${call.id} sent again what stood in the log and got ${told}`);
    }
  }
}

function holds(expect: string, version: bigint): boolean {
  if (expect === 'any') return true;
  if (expect === 'absent') return version === 0n;
  if (expect === 'present') return version > 0n;
  return String(version) === expect;
}

function holdsWithin(expect: string, { least, most }: VersionBounds): boolean {
  if (expect === 'any') return true;
  if (expect === 'absent') return most === 0n;
  if (expect === 'present') return least > 0n;
  return least === most && String(least) === expect;
}
