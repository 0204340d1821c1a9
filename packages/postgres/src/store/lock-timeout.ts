/**
 * A condition that is always true, and bounds how long its statement waits for a lock, unless a `lock_timeout` is set on the connection: then that
 * one stands. It costs no round trip, and leaves nothing behind on a pooled connection, since the setting is local to the transaction, which is
 * the statement itself. In a transaction of the caller's it holds to its end, as `set local` does.
 *
 * Rows reach the statement's locks only through this condition, and it depends on none of them: the planner evaluates it once, before the first.
 * @param ms a whole number above 0.
 */
export const lockTimeout = (ms: number): string =>
  `(select set_config('lock_timeout', '${ms}', true) where current_setting('lock_timeout') = '0') is distinct from ''`;
