import {
  linesOf,
  type EventName,
  type History,
  type ReadAgain,
  type Seen,
  type SeenRecord,
  type StreamName,
} from '../history/history.ts';
import type { StoredLog } from './stored-log.ts';
import type { Violations } from '../../violation.ts';

/** Every reader gets every event once, each stream's in the order of its versions, and nothing ever appears before a place that it has passed. */
export function checkReaders(history: History, log: StoredLog, violations: Violations): void {
  const byReader = Map.groupBy(linesOf(history, 'seen'), ({ reader }) => reader);
  const wanted = new Map(linesOf(history, 'wanted').map(({ reader, categories }) => [reader, categories]));
  for (const [reader, lines] of byReader) {
    const records = lines.flatMap((line) => line.records);
    checkDelivery({ reader, categories: wanted.get(reader), records }, log, violations);
    for (const [lane, of] of Map.groupBy(lines, (line) => line.lane)) {
      const again = linesOf(history, 'again').filter((line) => line.reader === reader && line.lane === lane);
      checkPlaces(reader, of, again, violations);
    }
  }
  checkPinned(history, violations);
  checkReads(history, log, violations);
  for (const { for: cause, id } of linesOf(history, 'owed')) {
    if (!log.byId.has(id) && log.byId.has(cause))
      violations.add('reaction', `the reaction ${id} to ${cause} is not in the log`);
  }
}

/** What a reader got, in its order. */
export interface Delivery {
  readonly reader: string;
  /** Those that it wants; default all. */
  readonly categories?: readonly string[] | undefined;
  readonly records: readonly SeenRecord[];
}

/** Exactly once, in order, as it stands in the log. */
export function checkDelivery({ reader, categories, records }: Delivery, log: StoredLog, violations: Violations): void {
  const got = new Set<EventName>();
  const last = new Map<StreamName, bigint>();
  for (const [id, stream, version, position] of records) {
    const name = `${stream}@${version} (${id})`;
    const row = log.byId.get(id);
    if (row === undefined) violations.add('unreal', `${reader} got ${name}, which is not in the log`);
    else if (row.stream !== stream || row.version !== version || row.position !== position) {
      violations.add(
        'unreal',
        `${reader} got ${name} at ${position}; the log has it as ${row.stream}@${row.version} at ${row.position}`,
      );
    }
    if (got.has(id)) violations.add('doubled', `${reader} got ${name} more than once`);
    else {
      const before = last.get(stream) ?? 0n;
      if (BigInt(version) !== before + 1n) violations.add('order', `${reader} got ${name} after version ${before}`);
      last.set(stream, BigInt(version));
    }
    got.add(id);
  }
  for (const { id, stream, version } of log.rows) {
    const isWanted = categories?.some((category) => stream.replace(/^.*\//, '').startsWith(category)) ?? true;
    if (isWanted && !got.has(id)) violations.add('missed', `${reader} never got ${stream}@${version} (${id})`);
  }
}

/** What is read again from a saved place of a lane is what came after it there, no more and no less. */
function checkPlaces(
  reader: string,
  lines: readonly Seen[],
  again: readonly ReadAgain[],
  violations: Violations,
): void {
  for (const { from, ids } of again) {
    const passed = lines.findIndex(({ to }) => to === from);
    const idsOf = (part: readonly Seen[]): readonly EventName[] =>
      part.flatMap(({ records }) => records.map(([id]) => id));
    const [before, after] = [new Set(idsOf(lines.slice(0, passed + 1))), new Set(ids)];
    for (const id of after) {
      if (before.has(id))
        violations.add('before the cursor', `${reader} had passed ${id} at ${from}, and gets it again`);
    }
    if (after.size !== ids.length) violations.add('doubled', `${reader} gets an event twice from ${from}`);
    const right = new Set(idsOf(lines.slice(passed + 1)));
    for (const id of right.symmetricDifference(after)) {
      if (!before.has(id))
        violations.add('before the cursor', `${reader} gets ${id} after ${from}, or again from there, not both`);
    }
  }
}

/** Whoever reads on from a pinned place gets the very records that he got there. Where the page ends may differ: lanes that stand together share one. */
function checkPinned(history: History, violations: Violations): void {
  const pages = new Map<string, Page>();
  for (const line of history) {
    if (line.op !== 'seen' && line.op !== 'fetched') continue;
    const ids = line.records.map(([id]) => id);
    const place = `${line.reader} at ${line.pinned}`;
    const before = pages.get(place);
    const isSame = before?.ids.every((id, i) => i >= ids.length || id === ids[i]) ?? true;
    if (!isSame || (before?.to === line.to && before.ids.length !== ids.length)) {
      violations.add('pinned', `${place} got other records than before`);
    }
    if (before === undefined || ids.length > before.ids.length) pages.set(place, { ids, to: line.to });
  }
}
interface Page {
  readonly ids: readonly EventName[];
  readonly to: string;
}

/** A stream is read as a prefix, without gaps, with at least what was known to be written before. */
function checkReads(history: History, log: StoredLog, violations: Violations): void {
  for (const { stream, events, began, at, process } of linesOf(history, 'read')) {
    const rows = log.streams.get(stream) ?? [];
    const isPrefix = events.every(([id, version], index) => rows[index]?.id === id && rows[index].version === version);
    if (!isPrefix) violations.add('read', `${process} read what is no beginning of ${stream}`);
    const { least, most } = log.bounds(stream, began, at);
    if (BigInt(events.length) < least || BigInt(events.length) > most) {
      violations.add('read', `${process} read ${events.length} events of ${stream}, which had ${least} to ${most}`);
    }
  }
}
