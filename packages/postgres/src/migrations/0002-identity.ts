import type { Migration } from './migration.ts';

/**
 * Which cluster the log lives in, so that a restored, upgraded or failed-over one is recognised, and why its generation rose.
 *
 * Functions, because whoever uses the log must be able to ask and to go on after a fail-over, and few who do may read checkpoints or change the log's row.
 * Those with their owner's rights take no arguments and decide by themselves; `raise_generation`, which does as it is told, is for the owner alone.
 */
export const identity: Migration = {
  number: 2,
  name: 'identity',
  safeFrom: 1,
  sql: (schema) => `alter table ${schema}.log
  add column system_identifier text,
  add column timeline text,
  add column tables text;

create table ${schema}.generations (
  generation int not null,
  began_at timestamptz not null default clock_timestamp(),
  reason text not null,
  actor text not null default session_user,
  constraint generations_key primary key (generation)
);
insert into ${schema}.generations (generation, reason) select generation, 'the log was made' from ${schema}.log;

-- The transaction id that a saved place reaches to, by the snapshots in it; null when it is none of this log and generation, '<log id>/<generation>'.
create function ${schema}.cursor_reach(cursor text, log text) returns numeric language sql immutable set search_path = pg_catalog, pg_temp as $$
  select coalesce((select max(each_one.snapshot[1]::numeric) from regexp_matches(cursor, '/[0-9]+:([0-9]+):[0-9,]*(?=/|$)', 'g') as each_one(snapshot)), 0)
  where cursor ~ ('^[0-9]+/' || log || '/')
$$;

-- Where the log is now. The timeline is the WAL's: right after a promotion the control file still has the old one. The tables' numbers stay the same
-- in every copy of files and in an upgrade, and differ after a dump was restored, also into the cluster it came from.
create function ${schema}.cluster_now(out system_identifier text, out timeline text, out tables text) language sql stable set search_path = pg_catalog, pg_temp as $$
  select (select c.system_identifier::text from pg_control_system() as c),
    case when pg_is_in_recovery() then null else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end,
    to_regclass('${schema}.log')::oid || '/' || to_regclass('${schema}.events')::oid
$$;

-- What the log remembers against what is: 'same'; 'unknown' before it was ever noted; 'timeline', another one of the same cluster; 'system', another
-- cluster; 'tables', restored from a dump. Beside it whether the transaction ids fit: those of events and cursors must lie below the next one.
create function ${schema}.log_state(out id uuid, out generation int, out place text, out was text, out now text, out highest xid8, out next xid8, out ahead json)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  noted record;
  found_now record;
begin
  select * into noted from ${schema}.log;
  select * into found_now from ${schema}.cluster_now();
  id := noted.id;
  generation := noted.generation;
  was := concat_ws('/', noted.system_identifier, noted.timeline, noted.tables);
  now := concat_ws('/', found_now.system_identifier, found_now.timeline, found_now.tables);
  place := case
    when noted.system_identifier is null then 'unknown'
    when noted.tables <> found_now.tables then 'tables'
    when noted.system_identifier <> found_now.system_identifier then 'system'
    when noted.timeline <> found_now.timeline then 'timeline'
    else 'same' end;
  next := pg_snapshot_xmax(pg_current_snapshot());
  select e.xid into highest from ${schema}.events e order by e.xid desc limit 1;
  select coalesce(json_agg(json_build_object('name', c.follower, 'version', c.version, 'lane', c.lane) order by c.follower, c.version, c.lane), '[]') into ahead
  from ${schema}.checkpoints c where ${schema}.cursor_reach(c.cursor, noted.id || '/' || noted.generation) > next::text::numeric;
end $$;

-- Begins the next generation, here: notes the cluster, carries over every cursor that does not lie beyond it, takes all lanes from their owners, who must
-- not move cursors that they have read before, and moves the sequence on. Answers who was left behind. Its number is the seconds since 2025: where two standbys of
-- one primary are promoted, one after the other was lost, each would call its generation the next one, and readers would take one history for the other.
create function ${schema}.raise_generation(reason text, out generation int, out ahead json) language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  noted record;
  old text;
  next numeric;
begin
  select * into noted from ${schema}.log for update;
  lock table ${schema}.checkpoints in share row exclusive mode;
  old := noted.id || '/' || noted.generation;
  generation := greatest(noted.generation + 1, extract(epoch from clock_timestamp())::bigint - 1735689600);
  next := pg_snapshot_xmax(pg_current_snapshot())::text::numeric;
  select s.ahead into ahead from ${schema}.log_state() as s;
  update ${schema}.checkpoints c set epoch = c.epoch + 1, cursor = case
      when ${schema}.cursor_reach(c.cursor, old) <= next then replace(c.cursor, '/' || old || '/', '/' || noted.id || '/' || raise_generation.generation || '/')
      else c.cursor end
    where c.cursor = 'start' or ${schema}.cursor_reach(c.cursor, old) is not null;
  update ${schema}.log l set generation = raise_generation.generation,
    system_identifier = n.system_identifier, timeline = n.timeline, tables = n.tables from ${schema}.cluster_now() as n;
  insert into ${schema}.generations (generation, reason) values (raise_generation.generation, raise_generation.reason);
  -- How many positions were handed out and lost nobody here can know; a gap costs nothing.
  perform setval('${schema}.position', 1000000 + greatest((select last_value from ${schema}.position), (select max(e.position) from ${schema}.events e)));
end $$;
revoke execute on function ${schema}.raise_generation(text) from public;

-- Goes on by itself where nothing speaks against it: notes the cluster of a log that never was noted, or a fail-over after which all cursors and events fit.
-- Does nothing otherwise, and nothing the second time: of those who notice it at once, one works and the others wait for it.
create function ${schema}.accept_timeline() returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  state record;
begin
  perform from ${schema}.log for update;
  select * into state from ${schema}.log_state();
  if coalesce(state.highest >= state.next, false) or json_array_length(state.ahead) > 0 then
    return;
  end if;
  if state.place = 'unknown' then
    update ${schema}.log l set system_identifier = n.system_identifier, timeline = n.timeline, tables = n.tables from ${schema}.cluster_now() as n;
  elsif state.place = 'timeline' then
    perform ${schema}.raise_generation('fail-over or recovery: ' || state.was || ' became ' || state.now || '; no cursor and no event lies beyond it');
  end if;
end $$;
select ${schema}.accept_timeline();
`,
};
