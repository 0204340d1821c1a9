import { linesOf, type History } from '../history/history.ts';
import type { Call, Fates } from './fates.ts';
import type { StoredLog } from './stored-log.ts';
import type { Violations } from '../../violation.ts';

/** Of all calls with one reply key one is carried out, and all others get its answer, word for word. */
export function checkReplies(history: History, fates: Fates, log: StoredLog, violations: Violations): void {
  const kept = new Map(linesOf(history, 'reply').map(({ key, text }) => [key, text]));
  const byKey = Map.groupBy(
    fates.calls.filter(({ invoked }) => invoked.reply !== undefined),
    ({ invoked }) => invoked.reply?.key ?? '',
  );
  for (const [key, calls] of byKey) {
    const carriedOut = calls.filter(
      ({ answer, fate }) => fate === 'written' && answer?.kind === 'appended' && !answer.already,
    );
    if (carriedOut.length > 1) {
      violations.add(
        'reply',
        `${carriedOut.length} calls with the key ${key} were carried out: ${carriedOut.map(({ id }) => id).join(', ')}`,
      );
    }
    const told = new Set(calls.flatMap(({ answer }) => (answer?.kind === 'replied' ? [answer.reply] : [])));
    for (const text of new Set([...told, ...(kept.has(key) ? [kept.get(key) as string] : [])])) {
      checkText(key, text, calls, log, violations);
    }
    if (told.size > 1)
      violations.add('reply', `calls with the key ${key} got different answers: ${[...told].join(' ')}`);
    const [winner] = carriedOut;
    for (const { id, invoked, answer } of calls) {
      const isLate = winner !== undefined && invoked.at > winner.settledAt && answer !== undefined;
      // Met by its event ids, when its connection was lost and it was sent again.
      const isAnswered = answer?.kind === 'replied' || (answer?.kind === 'appended' && answer.already);
      if (isLate && !isAnswered)
        violations.add('reply', `${id} got ${answer.kind} for ${key}, which ${winner.id} had answered`);
    }
    if ((winner !== undefined || told.size > 0) && !kept.has(key))
      violations.add('reply', `the answer of ${key} is not kept`);
    if (winner !== undefined && kept.has(key) && kept.get(key) !== winner.invoked.reply?.text) {
      violations.add('reply', `the answer kept under ${key} is not that of ${winner.id}`);
    }
  }
  for (const key of kept.keys()) {
    if (!byKey.has(key)) violations.add('reply', `an answer is kept under ${key}, which nobody used`);
  }
}

/** An answer is the whole answer of the call that was carried out. */
function checkText(key: string, text: string, calls: readonly Call[], log: StoredLog, violations: Violations): void {
  const authors = calls.filter(({ invoked, fate }) => invoked.reply?.text === text && fate !== 'refused');
  const author = authors.find(({ answer }) => answer?.kind === 'appended' && !answer.already) ?? authors[0];
  if (author === undefined) {
    return violations.add('reply', `${key} is answered with ${text}, and no such call was carried out`);
  }
  const ids = author.appends.flatMap((append) => append.ids);
  if (log.rowsOf(ids).length !== ids.length) {
    violations.add('reply', `${key} is answered with ${text}, and the events of ${author.id} are not in the log`);
  }
  const expected = author.appends.map((append) => log.byId.get(append.ids.at(-1) ?? '')?.version);
  for (const { id, answer } of calls) {
    if (answer?.kind !== 'replied' || answer.reply !== text) continue;
    const isWhole =
      answer.versions.length === expected.length &&
      answer.versions.every((version, index) => (expected[index] ?? version) === version) &&
      answer.requestHash === author.invoked.reply?.key &&
      (author.answer?.kind !== 'appended' || author.answer.token === answer.token);
    if (!isWhole) violations.add('reply', `${id} got another answer than ${author.id}: ${JSON.stringify(answer)}`);
  }
}
