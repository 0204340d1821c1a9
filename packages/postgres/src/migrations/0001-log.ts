import type { Migration } from './migration.ts';

/**
 * The log and what stands beside it. Its columns and keys can never be added later: `tenant` leads every key but the log's own; `category` is
 * never parsed out of a stream id; `topic`, `hash` and `schema_id` are decided when an event is written.
 *
 * Three things that look improvable and are not:
 * - `schema_id` has no foreign key. Its check locks the schema's row for every event, so all writers would queue for one tuple's lock word (multixacts),
 *   and a REPEATABLE READ transaction older than a schema could not write with it. An id is handed out only after its row was committed.
 * - `xid` is the top-level transaction's, also inside savepoints, and is a default: nobody can write another one by mistake.
 * - sequence `position` has CACHE 1: with more, a session draws numbers it uses later, and one stream's order is not position order any more (hazard L12).
 */
export const log: Migration = {
  number: 1,
  name: 'log',
  safeFrom: 1,
  sql: (schema) => `create table ${schema}.log (
  only_row boolean primary key default true check (only_row),
  id uuid not null default gen_random_uuid(),
  generation int not null default 1
);
insert into ${schema}.log default values;

create table ${schema}.schemas (
  id int generated always as identity primary key,
  type text not null,
  version int not null,
  fingerprint text not null,
  avro json not null,
  constraint schemas_text unique (type, version, fingerprint)
);

create table ${schema}.streams (
  tenant text not null,
  stream_id text not null,
  category text not null,
  hash int not null,
  version bigint not null,
  constraint streams_key primary key (tenant, stream_id)
) with (fillfactor = 70);

create sequence ${schema}.position as bigint cache 1;

create table ${schema}.events (
  position bigint not null default nextval('${schema}.position'),
  xid xid8 not null default pg_current_xact_id(),
  version bigint not null,
  recorded_at timestamptz not null default clock_timestamp(),
  event_id uuid not null,
  hash int not null,
  schema_id int not null,
  tenant text not null,
  stream_id text not null,
  category text not null,
  topic text,
  payload json not null,
  metadata json not null,
  constraint events_position primary key (position),
  constraint events_stream_version unique (tenant, stream_id, version),
  constraint events_event_id unique (tenant, event_id)
);
alter sequence ${schema}.position owned by ${schema}.events.position;
create index events_xid_position on ${schema}.events (xid, position);

create table ${schema}.replies (
  tenant text not null,
  key text not null,
  request_hash text not null,
  reply json not null,
  versions bigint[] not null,
  token text not null,
  expires_at timestamptz not null,
  constraint replies_key primary key (tenant, key)
);
-- Undoes an append that must not stand, from inside its one statement. The second argument says which part of it.
create function ${schema}.refuse(what text, which bigint) returns bigint language plpgsql as $$
begin
  raise exception 'refused: % %', what, which using errcode = 'LF001', table = what, column = which;
end $$;

create table ${schema}.unique_keys (
  tenant text not null,
  name text not null,
  value text not null,
  stream_id text not null,
  constraint unique_keys_key primary key (tenant, name, value)
);

create table ${schema}.checkpoints (
  follower text not null,
  version int not null,
  lane text not null,
  cursor text not null default 'start',
  epoch bigint not null default 0,
  ledger jsonb,
  owner text not null default '',
  lease_until timestamptz,
  constraint checkpoints_key primary key (follower, version, lane)
) with (fillfactor = 50);
`,
};
