import { hasRoleNames, roleName } from './role-names.ts';

/**
 * Goes on as the projectors' group role to the end of the transaction, if there is one and this login may: what is made then belongs to all projectors, not to
 * the login that came first. @param schema unquoted name of the log's schema.
 */
export function asProjector(schema: string): readonly string[] {
  if (!hasRoleNames(schema)) return [];
  // Since Postgres 16 one may be a member of a role and yet not allowed to become it, as whoever created it.
  return [
    `select set_config('role', rolname, true) from pg_roles where rolname = '${roleName(schema, 'projector')}'
  and pg_has_role(oid, case when current_setting('server_version_num')::int < 160000 then 'member' else 'set' end)`,
  ];
}

/** Lets all projectors write these tables, and readers read them. @param tables quoted */
export function shareTables(schema: string, tables: readonly string[]): readonly string[] {
  if (!hasRoleNames(schema)) return [];
  const [projector, reader] = [roleName(schema, 'projector'), roleName(schema, 'reader')];
  return [
    `do $share$
begin
  if to_regrole('${projector}') is not null then
    grant select, insert, update, delete on ${tables.join(', ')} to "${projector}";
    grant select on ${tables.join(', ')} to "${reader}";
  end if;
end $share$`,
  ];
}

/** The same for all that is in a version's schema: a projection has made its tables there itself. @param model unquoted */
export function shareSchema(schema: string, model: string): readonly string[] {
  if (!hasRoleNames(schema)) return [];
  const [projector, reader] = [roleName(schema, 'projector'), roleName(schema, 'reader')];
  return [
    `do $share$
begin
  if to_regrole('${projector}') is not null then
    grant select, insert, update, delete on all tables in schema "${model}" to "${projector}";
    grant usage, select on all sequences in schema "${model}" to "${projector}";
    grant select on all tables in schema "${model}" to "${reader}";
  end if;
end $share$`,
  ];
}
