import { grantsSince } from '../roles/grants.ts';
import { roleName } from '../roles/role-names.ts';
import { quoted } from '../schema-name.ts';
import type { Migration } from './migration.ts';

/**
 * Events that are not in their topic though it is their turn, each with the small record that stands for it, and what became of it. Rows are kept for ever: who reads a
 * topic from its beginning asks them what came of a record. Written by the owner of the lane alone; who may ask something of it may update the request's columns.
 */
export const withheld: Migration = {
  number: 8,
  name: 'withheld',
  safeFrom: 1,
  sql: (schema) => `create table ${schema}.withheld (
  topic text not null,
  tenant text not null,
  stream_id text not null,
  version bigint not null,
  category text not null,
  lane text not null,
  partition int not null,
  event_id uuid not null,
  type text not null,
  position bigint not null,
  sequence bigint not null,
  code text not null,
  cause text not null,
  bytes bigint,
  attempts int not null default 1,
  withheld_at timestamptz not null default clock_timestamp(),
  state text not null default 'withheld' check (state in ('withheld', 'redriven', 'given-up')),
  settled_sequence bigint,
  settled_at timestamptz,
  request text check (request in ('redrive', 'give-up')),
  requested_by text,
  requested_at timestamptz,
  reason text,
  constraint withheld_key primary key (tenant, topic, stream_id, version)
);
create index withheld_open on ${schema}.withheld (lane, topic, tenant, stream_id, version) where state = 'withheld';
create index withheld_requested on ${schema}.withheld (lane, requested_at) where state = 'withheld' and request is not null;
`,
  // The role came with this migration.
  grants: (name) =>
    `grant usage on schema ${quoted(name)} to ${quoted(roleName(name, 'operator'))};\n${grantsSince(8)(name)}`,
};
