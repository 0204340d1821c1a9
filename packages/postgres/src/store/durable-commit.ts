/**
 * A condition that is always true, and sees to it that the commit of its transaction waits for the disk, also in a transaction of the caller's who chose
 * `synchronous_commit = off`: a reader sees such events before they are durable, and if a crash takes them, their id is given to somebody else's append, which
 * that reader's place then passes over (hazard L18). Whoever switches it off again after the append takes that upon himself.
 */
export const DURABLE_COMMIT =
  "(select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off') is distinct from ''";
