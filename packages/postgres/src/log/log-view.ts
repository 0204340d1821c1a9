/**
 * What a connection sees, and whether the log may be read on it. The generation is null on a standby (hazard L15), and when the log does not stand where it is
 * noted to: then there is more to ask, see `askState`. It adds some 10 µs to a statement.
 */
export const viewColumns = (
  schema: string,
): string => `snapshot::text as snapshot, pg_current_xact_id_if_assigned()::text as own,
  current_setting('transaction_isolation') as isolation, (
    select log.generation from ${schema}.log as log
    where log.system_identifier = (pg_control_system()).system_identifier::text and split_part(log.tables, '/', 1) = log.tableoid::text
      and log.timeline = case when pg_is_in_recovery() then null else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end
  ) as generation`;

/**
 * The first row of each page is no event: its payload is what the statement saw of its connection ({@link viewColumns}). One round trip, and nothing can
 * come between the look and the page.
 */
export const viewRow = (
  schema: string,
): string => `select 0::int8 as position, null::int8 as version, null::timestamptz as recorded_at, null::uuid as event_id, null::int as hash,
    null::int as schema_id, null::text as tenant, null::text as stream_id, null::text as category, null::text as topic, to_json(view) as payload, null::json as metadata
  from (select ${viewColumns(schema)} from pg_current_snapshot() as snapshot) as view`;
