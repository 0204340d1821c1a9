import { MILESTONES_KEPT } from '@leftfold/subscriptions';
import { quoted } from '../schema-name.ts';
import { prepared, type Statement } from '../statement.ts';

/** What is asked of the table of milestones, one statement each. */
export interface MilestoneStatements {
  /** $1 follower · $2 version · $3 lane · $4 epoch · $5 log · $6 generation · $7 cursor · $8 partitions, JSON. No row: another owner has the lane. */
  readonly write: Statement;
  /** $1 follower · $2 version · $3 lane · $4 only numbers below, or null · $5 limit. */
  readonly list: Statement;
  /** $1 follower · $2 version · $3 time, ISO. */
  readonly before: Statement;
  /** $1 follower · $2 version · $3 lane · $4 epoch · $5 kept for so many ms, or null. No row: another owner has the lane. */
  readonly thin: Statement;
}

/** The statements for one schema. */
export function milestoneStatements(schema: string): MilestoneStatements {
  const table = `${quoted(schema)}.milestones`;
  const columns = 'lane, number, at, log, generation, cursor, partitions';
  // The row is locked, so that a claim under way is waited for: whoever is succeeded meanwhile finds another epoch.
  const mine = `mine as (
       select 1 from ${quoted(schema)}.checkpoints where follower = $1 and version = $2 and lane = $3 and epoch = $4 for share
     )`;
  const age = `extract(epoch from clock_timestamp() - at) * 1000`;
  const steps = MILESTONES_KEPT.map(({ olderThanMs, oneInMs }) => `when ${age} > ${olderThanMs} then ${oneInMs}`);
  return {
    // One that a crash of the server forgets is no loss, so its commit does not wait for the disk; the setting holds for this statement alone.
    write: prepared(
      'write_milestone',
      `with ${mine}
       insert into ${table} (follower, version, lane, log, generation, cursor, partitions)
       select $1, $2, $3, $5::uuid, $6::int, $7, $8::json
         from mine, (select set_config('synchronous_commit', 'off', true) as synchronous_commit) as quick
        where quick.synchronous_commit = 'off'
       returning number`,
    ),
    list: prepared(
      'list_milestones',
      `select ${columns} from ${table}
        where follower = $1 and version = $2 and lane = $3 and number < coalesce($4::bigint, 9223372036854775807)
        order by number desc limit $5`,
    ),
    before: prepared(
      'milestones_before',
      `select distinct on (lane) ${columns} from ${table}
        where follower = $1 and version = $2 and at <= $3::timestamptz order by lane, number desc`,
    ),
    thin: prepared(
      'thin_milestones',
      `with ${mine}, aged as (
         select number, ${age} as ms, case ${steps.join(' ')} end as one_in_ms, extract(epoch from at) * 1000 as at_ms,
                row_number() over (order by number desc) = 1 as is_newest
           from ${table}, mine where follower = $1 and version = $2 and lane = $3
       ), ranked as (
         select *, row_number() over (partition by one_in_ms, floor(at_ms / one_in_ms) order by number) as place
           from aged where not is_newest
       ), gone as (
         delete from ${table} as m using ranked
          where m.follower = $1 and m.version = $2 and m.lane = $3 and m.number = ranked.number
            and (ranked.ms > $5::bigint or (ranked.one_in_ms is not null and ranked.place > 1))
       )
       select 1 as thinned from mine`,
    ),
  };
}
