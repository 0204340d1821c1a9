import { quoted } from '../schema-name.ts';
import { roleName, type Role } from './role-names.ts';

/** Where the followers' work differs from the log's: columns that a writer never states, so that nobody forges an order or a time. */
const WRITTEN_COLUMNS = 'version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata';

/** What somebody asks of a lane's owner; what it did is none of his to write. */
const REQUEST_COLUMNS = 'request, requested_by, requested_at, reason';

/** What somebody puts in place of a parked event's payload. */
const EDIT_COLUMNS = 'edited, edited_by, edited_at, edit_reason';
const PARKED_TABLES = 'parked_keys, parked_events, applied_ahead';

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
  // All that it may do came later.
  operator: [],
  reader: [['select', 'all tables in schema']],
};

/** Whoever follows the log: reads it, and keeps its place. */
function follower(): readonly (readonly [string, string])[] {
  return [
    ['select', 'log, generations, migrations, schemas, events, checkpoints'],
    ['insert, update', 'checkpoints'],
  ];
}

/** Whoever parks: what was discarded or edited is noted for ever. */
function parking(): readonly (readonly [string, string])[] {
  return [
    ['select, insert, update, delete', PARKED_TABLES],
    ['select, insert', 'parked_notes'],
  ];
}

/** What came after the roles did, by the migration that brings it. */
const LATER: { readonly [migration: number]: Partial<typeof PRIVILEGES> } = {
  7: {
    relay: [
      ['select, insert, update, delete', 'members'],
      ['select, insert, delete', 'milestones'],
    ],
    projector: [
      ['select, insert, update, delete', 'members'],
      ['select', 'milestones'],
    ],
    rebuild: [
      ['select, insert, update, delete', 'members'],
      ['select', 'milestones'],
    ],
    reader: [['select', 'members, milestones']],
  },
  8: {
    relay: [['select, insert, update', 'withheld']],
    projector: [['select', 'withheld']],
    rebuild: [['select', 'withheld']],
    operator: [
      ['select', 'log, generations, migrations, withheld'],
      [`update (${REQUEST_COLUMNS})`, 'withheld'],
    ],
    reader: [['select', 'withheld']],
  },
  9: {
    projector: parking(),
    rebuild: parking(),
    operator: [
      ['select', 'parked_keys, parked_events, parked_notes'],
      [`update (${REQUEST_COLUMNS}, request_first)`, 'parked_keys'],
      [`update (${EDIT_COLUMNS})`, 'parked_events'],
    ],
    reader: [['select', `${PARKED_TABLES}, parked_notes`]],
  },
  10: {
    relay: [['select, insert, update, delete', 'conditions']],
    projector: [
      ['select, insert, update', 'versions'],
      ['select, insert, update, delete', 'conditions'],
    ],
    rebuild: [
      ['select, insert, update, delete', 'versions'],
      ['select, insert, update, delete', 'conditions'],
    ],
    operator: [
      ['select', 'members, versions, conditions'],
      ['update (state, held, since)', 'versions'],
    ],
    reader: [['select', 'versions, conditions']],
  },
};
/** Migrations after 0005 that give the roles more. */
export const GRANTING_LATER: readonly number[] = Object.keys(LATER).map(Number);

/** The privileges that a migration adds. The argument of the answer is the schema's name, unquoted. */
export function grantsSince(migration: number): (schema: string) => string {
  return (schema) =>
    grantLines(schema, LATER[migration] ?? {})
      .map((line) => `${line}\n`)
      .join('');
}

/** Gives the roles their privileges on the log as 0005 finds it, and on read models that were made before there were roles. @param schema unquoted */
export function grants(schema: string): string {
  const use = (Object.keys(PRIVILEGES) as Role[]).map(
    (role) => `grant usage on schema ${quoted(schema)} to ${quoted(roleName(schema, role))};`,
  );
  return `${[...use, ...grantLines(schema, PRIVILEGES)].join('\n')}\n${modelGrants(schema)}`;
}

function grantLines(schema: string, privileges: Partial<typeof PRIVILEGES>): readonly string[] {
  return (Object.keys(privileges) as Role[]).flatMap((role) => {
    const to = quoted(roleName(schema, role));
    return (privileges[role] ?? []).map(([what, on]) => `grant ${what} on ${objects(schema, on)} to ${to};`);
  });
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
