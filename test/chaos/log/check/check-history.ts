import type { History } from '../history/history.ts';
import { linesOf } from '../history/history.ts';
import { checkAppends } from './append-invariants.ts';
import { fatesOf } from './fates.ts';
import { checkKeys } from './key-invariants.ts';
import { checkReaders } from './reader-invariants.ts';
import { checkRelay } from './relay-invariants.ts';
import { checkReplies } from './reply-invariants.ts';
import { checkStore } from './store-invariants.ts';
import { StoredLog } from './stored-log.ts';
import { Violations, type Violation } from '../../violation.ts';

/** Everything about a recorded run that should not be so. Pure: the run is over, and only its history is asked. */
export function checkHistory(history: History): readonly Violation[] {
  const violations = new Violations();
  const fates = fatesOf(history);
  const log = new StoredLog(history, fates);
  // What ended the run early explains the rest.
  for (const { process, what } of linesOf(history, 'broken')) violations.add('broken', `${process}: ${what}`);
  checkStore(history, fates, log, violations);
  checkAppends(fates, log, violations);
  checkReplies(history, fates, log, violations);
  checkKeys(history, fates, violations);
  checkReaders(history, log, violations);
  checkRelay(history, log, violations);
  return violations.found;
}
