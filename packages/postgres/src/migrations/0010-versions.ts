import { grantsSince } from '../roles/grants.ts';
import type { Migration } from './migration.ts';

/**
 * Which versions of projections there are, and which of them queries may read; and what keeps lanes of followers from going on.
 *
 * - Versions that were made before are live: nobody waited for them. What columns they have is noted when a process that knows registers them.
 * - A condition is there only while a lane is not well. It names codes and events, and quotes nothing.
 * - What is dropped is forgotten whole: were its places kept, a projector of that version that comes back would go on from them, in empty tables.
 */
export const versions: Migration = {
  number: 10,
  name: 'versions',
  safeFrom: 1,
  sql: (schema) => `create table ${schema}.versions (
  projection text not null,
  version int not null,
  columns text,
  state text not null check (state in ('building', 'live')),
  held boolean not null default false,
  since timestamptz not null default clock_timestamp(),
  followed_at timestamptz,
  constraint versions_key primary key (projection, version)
);
insert into ${schema}.versions (projection, version, state)
select replace(name[1], '_', '-'), name[2]::int, 'live'
  from pg_namespace, regexp_match(nspname, '^${schema.slice(1, -1)}_([a-z][a-z0-9_]*)_v([0-9]{1,4})$') as name
 where name is not null;

create table ${schema}.conditions (
  follower text not null,
  version int not null,
  lane text not null,
  state text not null check (state in ('retrying', 'waiting', 'stopped')),
  code text not null,
  event json,
  since timestamptz not null,
  failures int not null,
  owner text not null,
  noted_at timestamptz not null default clock_timestamp(),
  constraint conditions_key primary key (follower, version, lane)
);
${dropModelSchema(schema)}`,
  grants: grantsSince(10),
};

/** As 0005 has it, and the version's places and what is parked of it go, too. */
function dropModelSchema(schema: string): string {
  const name = schema.slice(1, -1);
  const ofFollower = ['conditions', 'parked_keys', 'parked_events', 'parked_notes', 'applied_ahead'];
  return `
create or replace function ${schema}.drop_model_schema(model text) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  parts text[] := regexp_match(model, '^${name}_([a-z][a-z0-9_]*)_v([0-9]{1,9})$');
  projection_name text := replace(parts[1], '_', '-');
  version_number int := parts[2]::int;
begin
  if parts is null then
    raise exception '% is no schema of a read model of ${name}', model using errcode = '42501';
  end if;
  -- Places first, as who follows locks them first.
  delete from ${schema}.checkpoints where follower = projection_name and version = version_number;
  delete from ${schema}.versions where projection = projection_name and version = version_number;
${ofFollower.map((table) => `  delete from ${schema}.${table} where follower = projection_name and version = version_number;`).join('\n')}
  execute format('drop schema if exists %I cascade', model);
end $$;
`;
}
