import { quoted } from '../schema-name.ts';
import { prepared, type Statement } from '../statement.ts';

/** What is asked of the table of versions, one statement each. */
export interface VersionStatements {
  /** $1 projection · $2 version. */
  readonly find: Statement;
  /** Who registers the versions of one projection does so alone: else two could both be the first. $1 what is registered */
  readonly alone: Statement;
  /** $1 projection · $2 version · $3 columns or null · $4 true: held. */
  readonly register: Statement;
  /** $1 projection · $2 version. */
  readonly following: Statement;
  /** $1 projection · $2 version. */
  readonly passed: Statement;
  /** $1 projection · $2 version · $3 state. */
  readonly set: Statement;
  /** $1 array of projections, null: all. */
  readonly list: Statement;
}

/** The statements for one schema. @param schema unquoted */
export function versionStatements(schema: string): VersionStatements {
  const table = `${quoted(schema)}.versions`;
  const members = `${quoted(schema)}.members`;
  return {
    find: prepared(
      'find_version',
      `select state, held, columns is not null as knows from ${table} where projection = $1 and version = $2`,
    ),
    alone: prepared('register_alone', `select pg_advisory_xact_lock(hashtextextended($1, 0))`),
    register: prepared(
      'register_version',
      `insert into ${table} as v (projection, version, columns, state, held)
       select $1, $2::int, $3, case when $4::boolean or exists (select from ${table} where projection = $1 and version <> $2::int) then 'building' else 'live' end, $4::boolean
       on conflict (projection, version) do update
          set columns = coalesce(v.columns, excluded.columns), held = v.state = 'building' and (v.held or excluded.held)
       returning state`,
    ),
    following: prepared(
      'follow_version',
      `update ${table} set followed_at = clock_timestamp() where projection = $1 and version = $2 returning state`,
    ),
    passed: prepared(
      'pass_version',
      `with released as (
         update ${table} set state = 'live', since = clock_timestamp()
          where projection = $1 and version = $2 and state = 'building' and not held
         returning state)
       select coalesce((select state from released), state) as state from ${table} where projection = $1 and version = $2`,
    ),
    set: prepared(
      'set_version',
      `update ${table}
          set state = $3, held = $3 = 'building', since = case when state = $3 then since else clock_timestamp() end
        where projection = $1 and version = $2
       returning state`,
    ),
    // One that was dropped is none any more, whatever stands here. Looked for in the catalogue, which anybody may read.
    list: prepared(
      'list_versions',
      `select v.projection, v.version, v.columns, v.state, v.held, v.since, v.followed_at,
              (select json_agg(m.owner order by m.owner) from ${members} as m
                where m.follower = v.projection and m.version = v.version and m.lease_until > clock_timestamp())::text as fed_by
         from ${table} as v
        where ($1::text[] is null or v.projection = any ($1::text[]))
          and exists (select from pg_catalog.pg_namespace where nspname = '${schema}_' || replace(v.projection, '-', '_') || '_v' || v.version)
        order by v.projection collate "C", v.version`,
    ),
  };
}
