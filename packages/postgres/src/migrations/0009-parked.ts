import { grantsSince } from '../roles/grants.ts';
import type { Migration } from './migration.ts';

/**
 * Sequenced dead letters: keys that a follower cannot go on with, their events from the failing one on, and what was not applied as it is in the log. Written by the owner of the
 * lane, under its epoch; who may ask something of it may update the request's columns and those of an edit. And what is applied ahead of a checkpoint while parts of a batch run
 * side by side.
 *
 * - `envelope`, `kept` and `edited` are `json`, not `jsonb`: text that is stored as it came, whatever a foreign record's headers hold.
 * - `value` is a record's own, byte for byte; of an event of the log there is none, so that nothing that is erased there stays here.
 * - `n` rises over all keys. An event is kept once under a key, however often it comes.
 */
export const parked: Migration = {
  number: 9,
  name: 'parked',
  safeFrom: 1,
  sql: (schema) => `create table ${schema}.parked_keys (
  follower text not null,
  version int not null,
  lane text not null,
  tenant text not null,
  key text not null,
  code text not null,
  cause text not null,
  stack text,
  attempts int not null default 1,
  since timestamptz not null default clock_timestamp(),
  last_tried timestamptz not null default clock_timestamp(),
  request text check (request in ('retry', 'discard')),
  request_first bigint,
  requested_by text,
  requested_at timestamptz,
  reason text,
  constraint parked_keys_key primary key (follower, version, lane, tenant, key)
);
create index parked_requested on ${schema}.parked_keys (follower, version, lane, requested_at) where request is not null;

create table ${schema}.parked_events (
  follower text not null,
  version int not null,
  lane text not null,
  tenant text not null,
  key text not null,
  n bigint generated always as identity,
  event_id uuid not null,
  stream_id text not null,
  stream_version bigint not null,
  envelope json not null,
  withheld boolean not null,
  kept json,
  value bytea,
  edited json,
  edited_by text,
  edited_at timestamptz,
  edit_reason text,
  constraint parked_events_key primary key (follower, version, lane, tenant, key, n),
  constraint parked_events_once unique (follower, version, lane, tenant, key, stream_id, stream_version)
);

create table ${schema}.parked_notes (
  n bigint not null,
  follower text not null,
  version int not null,
  lane text not null,
  tenant text not null,
  key text not null,
  envelope json not null,
  kind text not null check (kind in ('discarded', 'edited')),
  noted_by text not null,
  reason text not null,
  at timestamptz not null default clock_timestamp(),
  constraint parked_notes_key primary key (follower, version, n)
);

create table ${schema}.applied_ahead (
  follower text not null,
  version int not null,
  lane text not null,
  tenant text not null,
  stream_id text not null,
  stream_version bigint not null,
  constraint applied_ahead_key primary key (follower, version, lane, tenant, stream_id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 1000);
`,
  grants: grantsSince(9),
};
