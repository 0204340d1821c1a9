import { linesOf, type EventName, type History } from '../history/history.ts';
import { signatureOf, type Call, type Fates } from './fates.ts';
import type { StoredLog } from './stored-log.ts';
import type { Violations } from '../../violation.ts';

/** What the log holds is what the calls were told: nothing lost, nothing made up, nothing in part, versions dense. */
export function checkStore(history: History, fates: Fates, log: StoredLog, violations: Violations): void {
  for (const [id, fate] of fates.events) {
    if (fate === 'written' && !log.byId.has(id)) violations.add('lost', `${id} was acknowledged and is not in the log`);
    if (fate === 'refused' && log.byId.has(id)) violations.add('phantom', `${id} was refused and is in the log`);
  }
  const seen = new Set<EventName>();
  for (const { id } of log.rows) {
    if (!fates.events.has(id)) violations.add('phantom', `${id} is in the log and nobody appended it`);
    if (seen.has(id)) violations.add('stored twice', `${id} is in the log more than once`);
    seen.add(id);
  }
  checkStreams(history, fates, log, violations);
  checkWhole(fates, log, violations);
  for (const { refused, before, after } of linesOf(history, 'drawn')) {
    if (before !== after)
      violations.add('drawn by the refused', `${refused} refused appends drew positions ${before} to ${after}`);
  }
}

function checkStreams(history: History, { writtenAt, begunAt }: Fates, log: StoredLog, violations: Violations): void {
  const heads = new Map(linesOf(history, 'head').map(({ stream, version }) => [stream, version]));
  for (const [stream, version] of heads) {
    const last = log.streams.get(stream)?.at(-1)?.version ?? '0';
    if (last !== version) violations.add('head', `${stream} ends with ${last}, its head says ${version}`);
  }
  for (const [stream, rows] of log.streams) {
    let [position, earliestLater] = [-1n, Infinity];
    for (const [index, row] of rows.entries()) {
      if (row.version !== String(index + 1))
        violations.add('not dense', `${stream} has ${row.version} where ${index + 1} belongs`);
      if (BigInt(row.position) <= position)
        violations.add('position', `${stream}@${row.version} lies before the version before`);
      position = BigInt(row.position);
    }
    for (const { id, version } of rows.toReversed()) {
      if ((begunAt.get(id) ?? -Infinity) > earliestLater) {
        violations.add('real time', `${stream}@${version} was begun when a later version had been acknowledged`);
      }
      earliestLater = Math.min(earliestLater, writtenAt.get(id) ?? Infinity);
    }
  }
}

/** Calls and transactions are all or nothing. Only events of their own say so: one that was sent again with others belongs to the other call. */
function checkWhole({ calls, transactions, shared }: Fates, log: StoredLog, violations: Violations): void {
  const own = ({ appends }: Call): readonly EventName[] =>
    appends.flatMap(({ ids }) => ids).filter((id) => !shared.has(id));
  const check = (what: string, ids: readonly EventName[]): void => {
    const rows = log.rowsOf(ids);
    if (rows.length !== 0 && rows.length !== ids.length) {
      violations.add('torn', `${rows.length} of ${ids.length} events of ${what} are in the log`);
    }
    if (new Set(rows.map(({ xid }) => xid)).size > 1) violations.add('torn', `${what} was written by two transactions`);
  };
  for (const call of calls) if (call.fate !== 'refused') check(call.id, own(call));
  const sentOnce = new Set(
    [...Map.groupBy(calls, signatureOf)].flatMap(([, same]) => (same.length === 1 ? same.map(({ id }) => id) : [])),
  );
  for (const [tx, of] of transactions) {
    const wrote = of.filter(({ answer, id }) => answer?.kind === 'appended' && sentOnce.has(id));
    check(tx, wrote.flatMap(own));
  }
}
