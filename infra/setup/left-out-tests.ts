/** Which tests are not run on which other server, and why. */

/**
 * Files that rest on a session, which a pooler in transaction mode does not keep: they cut and count connections, set something on them, ask for the plans of
 * prepared statements, read cursors outside of a transaction, or want servers or programs of their own.
 */
export const sessionFiles: readonly string[] = [
  '*.other.test.ts',
  'append-connection-lost.int.test.ts',
  'append-serialization.int.test.ts',
  'driver.int.test.ts',
  'grouped-appends.int.test.ts',
  'identity*.test.ts',
  'inline-faults.int.test.ts',
  'log-*crash*.int.test.ts',
  'log-faults.int.test.ts',
  'log-plans.int.test.ts',
  'log-*torture*.int.test.ts',
  'read-model-round-trips.int.test.ts',
  'read-model-values.int.test.ts',
  'read-models.int.test.ts',
];

/** Titles, or how they begin. */
const titles: Readonly<Record<string, readonly string[]>> = {
  postgres15: [
    // EXPLAIN (GENERIC_PLAN) came with 16.
    'the plan that is kept looks heads up by their key',
    // Its WAL writer writes each page as it fills, so there is seldom an id that a crash could forget.
    'L18 ids that a crash hands out again are not taken for seen by a cursor that was kept outside',
  ],
  // They set something on their connections, count what is asked on one, or end one by its process id.
  pgbouncer: [
    'a stream that another transaction holds is LF_LOCK_TIMEOUT after the time set on the connection',
    'L11 a stream is read in version order whatever the plan and wherever its rows lie',
    'also where transactions are REPEATABLE READ unless they say otherwise',
    'many processes migrate a large log at once',
    'when the connection is lost around COMMIT',
    'C4 a COMMIT without an answer is no riddle',
    // They know the statements by the names that these are prepared under.
    'lanes of one run that stand together share their polls and their pages',
    'a lane that was left behind by the others catches up by itself and joins them again',
    'five followers that wait for events ask as often as one',
  ],
};

/** A pattern that matches the full names of all other tests. */
export function namesFor(server: string): string {
  const leftOut = (titles[server] ?? []).map((title) => title.replaceAll(/[^\w ]/g, String.raw`\$&`));
  return leftOut.length === 0 ? '' : `^(?!.*(${leftOut.join('|')}))`;
}
