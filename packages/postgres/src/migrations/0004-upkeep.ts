import type { Migration } from './migration.ts';

/**
 * What keeps the log's tables small and quick as they grow, and its schema changeable while it is in use. Decision 0017 has the figures.
 *
 * - `events` is only ever inserted into. By default it would be vacuumed after each fifth of it, so ever more rarely and for ever longer, and its rows
 *   frozen years later in one go. So: after each 200,000 rows, which touches the new pages alone, and frozen at once. Its TOAST table likewise.
 * - `streams`, `checkpoints`, `replies` and `snapshots` are updated or emptied all the time; a fifth of a large table is too much to leave lying about.
 * - lz4 where the server has it: pglz gives up when the first kilobyte does not compress.
 * - `recorded_at` rises with the place in the table, so a few bytes per megabyte find a time; replies expire in an order of their own, and finding those
 *   must not read all others.
 * - `safe_from` is null for the migrations before this one: no code that reads it lacks those.
 */
export const upkeep: Migration = {
  number: 4,
  name: 'upkeep',
  safeFrom: 1,
  sql: (schema) => `alter table ${schema}.migrations add column safe_from int;
alter table ${schema}.events set (
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000, autovacuum_freeze_min_age = 0,
  autovacuum_analyze_scale_factor = 0.02,
  toast.autovacuum_vacuum_insert_scale_factor = 0, toast.autovacuum_vacuum_insert_threshold = 200000, toast.autovacuum_freeze_min_age = 0);
alter table ${schema}.streams set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table ${schema}.checkpoints set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
alter table ${schema}.replies set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table ${schema}.snapshots set (
  fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02,
  toast.autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_threshold = 1000);
do $lz4$
begin
  if (select 'lz4' = any(enumvals) from pg_settings where name = 'default_toast_compression') then
    alter table ${schema}.replies alter column reply set compression lz4;
    alter table ${schema}.snapshots alter column state set compression lz4;
    -- Last, since all writers wait from here on.
    alter table ${schema}.events alter column payload set compression lz4, alter column metadata set compression lz4;
  end if;
end $lz4$;
`,
  indexes: [
    { name: 'events_recorded_at', table: 'events', definition: 'using brin (recorded_at) with (autosummarize = on)' },
    { name: 'replies_expires_at', table: 'replies', definition: '(expires_at)' },
  ],
};
