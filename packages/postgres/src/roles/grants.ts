import { quoted } from '../schema-name.ts';
import { roleName, type Role } from './role-names.ts';

/** Where the followers' work differs from the log's: columns that a writer never states, so that nobody forges an order or a time. */
const WRITTEN_COLUMNS = 'version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata';

/** What each role may do, and by that all it may do: `[privileges, on what]`, tables in the log's schema. */
const PRIVILEGES: { readonly [role in Role]: readonly (readonly [string, string])[] } = {
  writer: [
    ['select', 'log, generations, migrations, schemas, streams, events, replies, unique_keys, snapshots'],
    ['insert', 'schemas, streams, replies, unique_keys, snapshots'],
    [`insert (${WRITTEN_COLUMNS})`, 'events'],
    ['usage', 'sequence position'],
    ['update (version)', 'streams'],
    ['update, delete', 'replies, unique_keys, snapshots'],
    ['execute', 'function refuse(text, bigint)'],
  ],
  relay: follower(),
  projector: [...follower(), ['execute', 'function make_model_schema(text)']],
  rebuild: [
    ...follower(),
    ['execute', 'function make_model_schema(text)'],
    ['execute', 'function drop_model_schema(text)'],
  ],
  eraser: [
    ['select', 'log, migrations, schemas, events, erasures'],
    ['update (payload, metadata)', 'events'],
  ],
  reader: [['select', 'all tables in schema']],
};

/** Whoever follows the log: reads it, and keeps its place. */
function follower(): readonly (readonly [string, string])[] {
  return [
    ['select', 'log, generations, migrations, schemas, events, checkpoints'],
    ['insert, update', 'checkpoints'],
  ];
}

/** Gives the roles their privileges on the log, and on read models that were made before there were roles. @param schema unquoted */
export function grants(schema: string): string {
  const lines = (Object.keys(PRIVILEGES) as Role[]).flatMap((role) => {
    const to = quoted(roleName(schema, role));
    const each = PRIVILEGES[role].map(([privileges, on]) => `grant ${privileges} on ${objects(schema, on)} to ${to};`);
    return [`grant usage on schema ${quoted(schema)} to ${to};`, ...each];
  });
  return `${lines.join('\n')}\n${modelGrants(schema)}`;
}

function objects(schema: string, on: string): string {
  const inSchema = (name: string): string => `${quoted(schema)}.${name}`;
  const [, kind, name] = /^(sequence|function) (.+)$/.exec(on) ?? [];
  if (kind !== undefined && name !== undefined) return `${kind} ${inSchema(name)}`;
  if (on === 'all tables in schema') return `${on} ${quoted(schema)}`;
  return on.split(', ').map(inSchema).join(', ');
}

/** Those that the migrating user may share; of others whoever owns them must. */
function modelGrants(schema: string): string {
  const [projector, reader] = [roleName(schema, 'projector'), roleName(schema, 'reader')];
  return `do $models$
declare
  model text;
begin
  for model in
    select nspname from pg_namespace where nspname ~ '^${schema}_[a-z][a-z0-9_]*_v[0-9]+$' and pg_has_role(nspowner, 'usage') and not exists (
      select from pg_class where relnamespace = pg_namespace.oid and relkind = 'r' and not pg_has_role(relowner, 'usage'))
  loop
    execute format('grant usage, create on schema %I to ${projector}', model);
    execute format('grant usage on schema %I to ${reader}', model);
    execute format('grant select, insert, update, delete on all tables in schema %I to ${projector}', model);
    execute format('grant select on all tables in schema %I to ${reader}', model);
  end loop;
end $models$;
`;
}
