import type { Migration } from './migration.ts';

/**
 * Unique keys change hands in a function that the append calls once its heads are locked. Inside it each statement takes a snapshot of its own, so a key that
 * was taken while the append waited is seen, which the append's own snapshot does not show. One pass in the order of the keys, whatever is done to
 * them, gives all appends one order of locks; releases before takes would need two passes, and two appends that exchange their keys would wait for each other.
 *
 * A key in other hands is `LF001` with table `keys`, column: its index from 1, detail: the stream that holds it.
 */
export const uniqueKeys: Migration = {
  number: 6,
  name: 'unique-keys',
  safeFrom: 1,
  sql: (
    schema,
  ) => `create function ${schema}.change_keys(tenants text[], names text[], key_values text[], stream_ids text[], takes boolean[])
returns boolean language plpgsql as $$
declare
  c record;
  holder text;
begin
  for c in
    select * from unnest(tenants, names, key_values, stream_ids, takes) with ordinality as t(tenant, name, value, stream_id, takes, i)
    order by tenant collate "C", name collate "C", value collate "C", takes
  loop
    if not c.takes then
      delete from ${schema}.unique_keys k
      where k.tenant = c.tenant and k.name = c.name and k.value = c.value and k.stream_id = c.stream_id;
      continue;
    end if;
    loop
      insert into ${schema}.unique_keys (tenant, name, value, stream_id) values (c.tenant, c.name, c.value, c.stream_id)
      on conflict on constraint unique_keys_key do nothing;
      exit when found;
      select k.stream_id into holder from ${schema}.unique_keys k
      where k.tenant = c.tenant and k.name = c.name and k.value = c.value for update;
      exit when holder = c.stream_id;
      if found then
        raise exception 'refused: keys %', c.i using errcode = 'LF001', table = 'keys', column = c.i::text, detail = holder;
      end if;
      -- Given back between the two statements: it is free now.
    end loop;
  end loop;
  return true;
end $$;
`,
};
