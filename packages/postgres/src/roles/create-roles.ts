import { roleName, ROLES } from './role-names.ts';

/** SQLSTATE of a user who may not create the roles. */
export const ROLES_REFUSED = 'LF003';

/**
 * Creates the group roles that are not there yet: nobody logs in as one, logins are made members. Roles belong to the whole cluster, and no lock of one
 * database holds off another, so each may appear at any moment: made by somebody else is as good as made. Once all are there nobody needs a right
 * to create them.
 *
 * A rebuild is a projector that may drop versions besides, so the tables that projectors own are its own, too.
 */
export function createRoles(schema: string): string {
  const names = ROLES.map((role) => `'${roleName(schema, role)}'`).join(', ');
  const [rebuild, projector] = [roleName(schema, 'rebuild'), roleName(schema, 'projector')];
  return `do $roles$
declare
  wanted text;
begin
  foreach wanted in array array[${names}] loop
    if to_regrole(wanted) is null then
      begin
        execute format('create role %I nologin', wanted);
      exception
        when duplicate_object or unique_violation then null;
      end;
    end if;
  end loop;
  if not pg_has_role('${rebuild}', '${projector}', 'usage') then
    begin
      grant "${projector}" to "${rebuild}";
    exception
      -- XX000, "tuple concurrently updated": another database's migration is granting it as well.
      when unique_violation or internal_error then null;
    end;
  end if;
exception
  when insufficient_privilege then
    raise exception '% may not create the roles %: %', current_user, array_to_string(array[${names}], ', '), sqlerrm
      using errcode = '${ROLES_REFUSED}', hint = 'let an administrator run what printRoles() prints, or do without roles: { roles: ''none'' }';
end $roles$;
`;
}
