/**
 * How Postgres runs in development, tests and benchmarks: every commit is on disk before it is acknowledged, as in
 * production. `compose.yaml` has the same.
 */
export const POSTGRES_SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  wal_level: 'replica',
  max_connections: '200',
  // Tests leave transactions open across a crash by preparing them.
  max_prepared_transactions: '64',
  timezone: 'UTC',
};

/** The cluster's text rules are the same on every platform: UTF-8, compared by code point. `compose.yaml` has the same. */
export const INITDB_ARGUMENTS: readonly string[] = [
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
];

/** The same as far as a version knows them: the provider came with 17. Without it letters beyond ASCII have no case. */
export function initdbArguments(version: number): readonly string[] {
  return version >= 17 ? INITDB_ARGUMENTS : INITDB_ARGUMENTS.slice(0, 2);
}
