import { Violations, type Violation } from '../../violation.ts';
import type { Line } from '../../relay/history.ts';
import { isSick } from '../models/events.ts';
import { foldLog, type ModelRow, type Models, type StoredEvent } from './fold-log.ts';

/** What a run left behind. */
export interface ProjectorHistory {
  readonly told: readonly Line[];
  readonly events: readonly StoredEvent[];
  /** By feed: while bad events were parked, when all else had come; and in the end. */
  readonly whileParked: ReadonlyMap<string, Models>;
  readonly inTheEnd: ReadonlyMap<string, Models>;
  /** Keys parked in the end, as text. */
  readonly parked: readonly string[];
}

/** Everything about a run's read models that should not be so. It knows nothing of how a projector works. Pure: the run is over. */
export function checkModels(history: ProjectorHistory): readonly Violation[] {
  const violations = new Violations();
  for (const line of history.told) if (line.op === 'broken') violations.add('broken', `${line.process}: ${line.what}`);
  const stored = new Set(history.events.map(({ id }) => id));
  for (const line of history.told) {
    for (const id of line.op === 'acknowledged' ? line.ids : []) {
      if (!stored.has(id)) violations.add('lost', `${id} was acknowledged to ${line.process} and is not in the log`);
    }
  }
  for (const key of history.parked) violations.add('parked', `${key} is still parked`);
  const expected = foldLog(history.events);
  for (const [feed, models] of history.inTheEnd) {
    checkRows(`tallies by ${feed}`, models.tallies, expected.tallies, violations);
    checkRows(`buckets by ${feed}`, models.buckets, expected.buckets, violations);
    checkApplied(feed, models, expected, violations);
  }
  const healthy = expected.tallies.filter(({ id }) => !isSick(id));
  for (const [feed, { tallies }] of history.whileParked) {
    const of = tallies.filter(({ id }) => !isSick(id));
    checkRows(`tallies by ${feed}, of keys beside the parked ones,`, of, healthy, violations);
  }
  return violations.found;
}

function checkRows(
  name: string,
  rows: readonly ModelRow[],
  expected: readonly ModelRow[],
  violations: Violations,
): void {
  const found = new Map(rows.map((row) => [row.id, textOf(row)]));
  for (const row of expected) {
    const is = found.get(row.id);
    found.delete(row.id);
    if (is === undefined) violations.add('missing', `${name} has no row ${row.id}, of ${row.events} events`);
    else if (is !== textOf(row)) violations.add('differs', `${name} has ${is}, and the log gives ${textOf(row)}`);
  }
  for (const [id, is] of found) violations.add('phantom', `${name} has the row ${id}, ${is}, and the log gives none`);
}

/** Counted by the models' own statements, event by event. */
function checkApplied(feed: string, { applied }: Models, expected: Models, violations: Violations): void {
  const times = new Map(applied.map((one) => [one.event, one.times]));
  for (const { event } of expected.applied) {
    const of = times.get(event) ?? 0;
    times.delete(event);
    if (of !== 1) violations.add(of === 0 ? 'missing' : 'twice', `${event} was applied ${of} times by ${feed}`);
  }
  for (const event of times.keys()) violations.add('phantom', `${event} was applied by ${feed} and is not in the log`);
}

const textOf = ({ id, events, amount, chain }: ModelRow): string =>
  `${id}: ${events} events, ${amount}${chain === undefined ? '' : `, chain ${chain}`}`;
