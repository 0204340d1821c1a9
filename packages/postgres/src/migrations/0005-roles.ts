import { grants } from '../roles/grants.ts';
import { hasRoleNames, roleName } from '../roles/role-names.ts';
import type { Migration } from './migration.ts';

/**
 * Events are not changed, by anybody, save that an erasure may replace what they say: with a reason, and on record. And roles for logins that shall do
 * one thing only.
 *
 * - The trigger holds for the owner of the tables, too, whom no grant stops. It compares whole rows, so columns that come later are covered.
 * - An erasure takes the stream's snapshots with it: they were folded from what is erased.
 * - `make_model_schema` and `drop_model_schema` run with the rights of whoever migrates. So a projector needs no right to create in the database, and
 *   cannot drop a version, since it owns tables, but never the schema that they are in.
 */
export const roles: Migration = {
  number: 5,
  name: 'roles',
  safeFrom: 1,
  sql: (schema) => `create table ${schema}.erasures (
  tenant text not null,
  stream_id text not null,
  version bigint not null,
  erased_at timestamptz not null default clock_timestamp(),
  position bigint not null,
  erased_by text not null default session_user,
  reason text not null,
  constraint erasures_key primary key (tenant, stream_id, version, erased_at)
);

create function ${schema}.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'events are not changed: % refused', tg_op using errcode = 'LF002',
    hint = 'what must go is erased: set local leftfold.erase_reason, then update payload and metadata alone';
end $$;

create function ${schema}.record_erasure() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  why text := coalesce(current_setting('leftfold.erase_reason', true), '');
  was ${schema}.events := old;
  becomes ${schema}.events := new;
begin
  -- Taken out before they are converted, since not every json is a jsonb.
  was.payload := null;
  was.metadata := null;
  becomes.payload := null;
  becomes.metadata := null;
  if why = '' or to_jsonb(becomes) is distinct from to_jsonb(was) then
    raise exception 'events are not changed: % refused', tg_op using errcode = 'LF002',
      hint = 'what must go is erased: set local leftfold.erase_reason, then update payload and metadata alone';
  end if;
  insert into ${schema}.erasures (tenant, stream_id, version, position, reason)
  values (old.tenant, old.stream_id, old.version, old.position, why);
  delete from ${schema}.snapshots where tenant = old.tenant and stream_id = old.stream_id;
  return new;
end $$;
${modelSchemaFunctions(schema)}
-- Last, since writers wait from here on.
create trigger events_immutable before delete or truncate on ${schema}.events
  for each statement execute function ${schema}.refuse_change();
create trigger events_erased before update on ${schema}.events
  for each row execute function ${schema}.record_erasure();
`,
  grants,
};

/** Only names that read models of this log have are taken. */
function modelSchemaFunctions(schema: string): string {
  const name = schema.slice(1, -1);
  const check = `if model !~ '^${name}_[a-z][a-z0-9_]*_v[0-9]+$' then
    raise exception '% is no schema of a read model of ${name}', model using errcode = '42501';
  end if;`;
  // A name that is too long for a role would be cut off, and might be somebody else's.
  const share = hasRoleNames(name)
    ? `
  if to_regrole('${roleName(name, 'projector')}') is not null then
    execute format('grant usage, create on schema %I to ${roleName(name, 'projector')}', model);
    execute format('grant usage on schema %I to ${roleName(name, 'reader')}', model);
  end if;`
    : '';
  const definer = 'language plpgsql security definer set search_path = pg_catalog, pg_temp';
  return `create function ${schema}.make_model_schema(model text) returns void ${definer} as $$
begin
  ${check}
  execute format('create schema if not exists %I', model);${share}
end $$;
create function ${schema}.drop_model_schema(model text) returns void ${definer} as $$
begin
  ${check}
  execute format('drop schema if exists %I cascade', model);
end $$;
revoke all on function ${schema}.make_model_schema(text), ${schema}.drop_model_schema(text) from public;
`;
}
