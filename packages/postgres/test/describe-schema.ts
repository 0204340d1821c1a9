import type { Pool } from 'pg';

/** All that the catalogue says of the log's schema, one line each: columns, constraints, indexes, settings, functions, triggers, privileges, migrations. */
export async function describeSchema(pool: Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ line: string }>(`
    with the as (select c.* from pg_class c where relnamespace = 'leftfold'::regnamespace)
    select concat_ws(' ', 'column', relname, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attcompression,
             pg_get_expr(adbin, adrelid), attacl) as line
      from the join pg_attribute on attrelid = the.oid left join pg_attrdef on adrelid = attrelid and adnum = attnum
      where attnum > 0 and not attisdropped and relkind in ('r', 'S')
    union all select concat_ws(' ', relkind, relname, reloptions, relacl) from the where relkind <> 't'
    union all select concat_ws(' ', 'toast', the.relname, t.reloptions) from the join pg_class t on t.oid = the.reltoastrelid
    union all select concat_ws(' ', 'index', pg_get_indexdef(indexrelid), indisvalid) from pg_index join the on the.oid = indrelid
    union all select concat_ws(' ', 'constraint', conname, pg_get_constraintdef(c.oid)) from pg_constraint c where connamespace = 'leftfold'::regnamespace
    union all select concat_ws(' ', 'function', pg_get_functiondef(oid), proacl) from pg_proc where pronamespace = 'leftfold'::regnamespace
    union all select concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid), tgenabled) from pg_trigger t join the on the.oid = tgrelid where not tgisinternal
    union all select concat_ws(' ', 'schema', nspacl) from pg_namespace where nspname = 'leftfold'
    union all select concat_ws(' ', 'migration', number, name, safe_from) from leftfold.migrations`);
  return rows.map(({ line }) => line).toSorted();
}
