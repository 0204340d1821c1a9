import type { Migration } from './migration.ts';

/**
 * Folded states beside their streams, one for each fold (`key`), since an old and a new release may run side by side. Nothing is lost with them: each can be
 * folded again.
 */
export const snapshots: Migration = {
  number: 3,
  name: 'snapshots',
  safeFrom: 1,
  sql: (schema) => `create table ${schema}.snapshots (
  tenant text not null,
  stream_id text not null,
  key text not null,
  version bigint not null,
  last_event uuid not null,
  state json not null,
  saved_at timestamptz not null default clock_timestamp(),
  constraint snapshots_key primary key (tenant, stream_id, key)
);
`,
};
