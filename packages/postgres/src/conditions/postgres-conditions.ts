import type { Conditions, FollowerConditions, FollowerId, Lane, LaneCondition } from '@leftfold/subscriptions';
import type { Database } from '../database.ts';
import { quoted } from '../schema-name.ts';
import { prepared, type Statement } from '../statement.ts';

interface ConditionRow {
  readonly lane: Lane;
  readonly state: LaneCondition['state'];
  readonly code: string;
  readonly event: {
    readonly id: string;
    readonly type: string;
    readonly stream: string;
    readonly streamVersion: string;
  } | null;
  readonly since: string;
  readonly failures: number;
  readonly owner: string;
  readonly noted_at: string;
}

/** {@link Conditions} in the log's own schema, one statement each. */
export function postgresConditions(database: Database): Conditions {
  const { note, clear, of } = conditionStatements(database.schema);
  return {
    async note({ name, version }, conditions) {
      if (conditions.length === 0) return;
      const rows = conditions.map(({ event, ...each }) => ({
        ...each,
        ...(event && { event: { ...event, streamVersion: String(event.streamVersion) } }),
      }));
      await database.query(note, [name, version, JSON.stringify(rows)]);
    },
    async clear({ name, version }, lanes, owner) {
      if (lanes.length > 0) await database.query(clear, [name, version, JSON.stringify(lanes), owner]);
    },
    async of(followers: readonly FollowerId[]) {
      if (followers.length === 0) return [];
      const asked = followers.map(({ name, version }, n) => ({ n, name, version }));
      const rows = await database.query<{ readonly members: string | null; readonly lanes: string | null }>(of, [
        JSON.stringify(asked),
      ]);
      return rows.map(({ members, lanes }): FollowerConditions => ({
        members: members === null ? [] : (JSON.parse(members) as readonly string[]),
        lanes: lanes === null ? [] : (JSON.parse(lanes) as readonly ConditionRow[]).map(conditionOf),
      }));
    },
  };
}

function conditionOf({ event, since, noted_at: notedAt, ...row }: ConditionRow): LaneCondition {
  type Event = NonNullable<LaneCondition['event']>;
  return {
    ...row,
    ...(event && { event: { ...event, streamVersion: BigInt(event.streamVersion) } as unknown as Event }),
    since: new Date(since),
    notedAt: new Date(notedAt),
  };
}

/**
 * `note`: $1 follower · $2 version · $3 JSON: `[{ lane, state, code, event, since, failures, owner }]`. `clear`: $1 follower · $2 version · $3 JSON: the lanes · $4 owner.
 * `of`: $1 JSON: `[{ n, name, version }]`; a row for each, in order.
 */
function conditionStatements(schema: string): { readonly [name in 'note' | 'clear' | 'of']: Statement } {
  const [table, checkpoints, members] = ['conditions', 'checkpoints', 'members'].map(
    (one) => `${quoted(schema)}.${one}`,
  );
  /** Another living process has claimed the lane since. $1 follower · $2 version */
  const isAnothers = (lane: string, owner: string): string =>
    `exists (select from ${checkpoints} as c join ${members} as m on m.follower = c.follower and m.version = c.version and m.owner = c.owner
              where c.follower = $1 and c.version = $2 and c.lane = ${lane} and c.owner <> ${owner} and m.lease_until > clock_timestamp())`;
  return {
    note: prepared(
      'note_conditions',
      `insert into ${table} (follower, version, lane, state, code, event, since, failures, owner)
       select $1, $2, each.* from json_to_recordset($3::json)
         as each(lane text, state text, code text, event json, since timestamptz, failures int, owner text)
        where not ${isAnothers('each.lane', 'each.owner')}
       on conflict (follower, version, lane) do update
          set state = excluded.state, code = excluded.code, event = excluded.event, since = excluded.since,
              failures = excluded.failures, owner = excluded.owner, noted_at = clock_timestamp()`,
    ),
    clear: prepared(
      'clear_conditions',
      `delete from ${table} as noted
        where noted.follower = $1 and noted.version = $2 and noted.lane in (select json_array_elements_text($3::json))
          and not ${isAnothers('noted.lane', '$4')}`,
    ),
    of: prepared(
      'read_conditions',
      `select (select json_agg(m.owner order by m.owner) from ${members} as m
                where m.follower = asked.name and m.version = asked.version and m.lease_until > clock_timestamp())::text as members,
              (select json_agg(json_build_object('lane', c.lane, 'state', c.state, 'code', c.code, 'event', c.event, 'since', c.since,
                                                 'failures', c.failures, 'owner', c.owner, 'noted_at', c.noted_at) order by c.lane collate "C")
                 from ${table} as c where c.follower = asked.name and c.version = asked.version)::text as lanes
         from json_to_recordset($1::json) as asked(n int, name text, version int)
        order by asked.n`,
    ),
  };
}
