import { grantsSince } from '../roles/grants.ts';
import type { Migration } from './migration.ts';

/**
 * Which processes run a follower, so that each takes its fair share of the lanes; and milestones of relays: where log and topics stood at one time.
 *
 * - `members` is not logged: all of it is renewed every few seconds, so a crash of the server, or a standby that is promoted, may begin without.
 * - Milestones are found by lane and number, or by time; `partitions` is read whole or not at all, so it is one text:
 *   `[[topic, partition, next, offset as text], …]`.
 */
export const milestones: Migration = {
  number: 7,
  name: 'milestones',
  safeFrom: 1,
  sql: (schema) => `create unlogged table ${schema}.members (
  follower text not null,
  version int not null,
  owner text not null,
  lanes text[] not null,
  lease_until timestamptz not null,
  constraint members_key primary key (follower, version, owner)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create table ${schema}.milestones (
  follower text not null,
  version int not null,
  lane text not null,
  number bigint generated always as identity,
  at timestamptz not null default clock_timestamp(),
  log uuid not null,
  generation int not null,
  cursor text not null,
  partitions json not null,
  constraint milestones_key primary key (follower, version, lane, number)
) with (autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 1000);
`,
  grants: grantsSince(7),
};
