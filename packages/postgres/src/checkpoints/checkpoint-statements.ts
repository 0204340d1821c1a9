import { quoted } from '../schema-name.ts';
import { prepared, type Statement } from '../statement.ts';

/** What is asked of the table of checkpoints, one statement each. Moving a cursor is {@link moveCheckpoint}. */
export interface CheckpointStatements {
  /** $1 follower · $2 version · $3 lane · $4 owner · $5 lease in ms · $6 true: only if no other owner's lease runs. No row: refused. */
  readonly claim: Statement;
  /**
   * $1 JSON: `[{ n, follower, version, owner, lease_ms, lanes, claims: [{ lane, epoch }] }]`. Answers rows of three kinds, each with its `n`: `ours`, the lanes whose
   * epoch is still the claim's; `member`, the others that are there; `held`, all lanes whose lease ran before.
   */
  readonly renew: Statement;
  /** The same, past rows that somebody has locked: whose epoch is still the claim's is ours, though its lease is not extended. */
  readonly renewPastLocked: Statement;
  /** $1 JSON: `[{ follower, version, owner }]`. */
  readonly leave: Statement;
  /** $1 follower · $2 version · $3 lane · $4 epoch. */
  readonly release: Statement;
  /** $1 follower · $2 version. */
  readonly list: Statement;
}

/**
 * The statements for one schema. Time is the server's alone, and read after any wait for the row: `now()` is when the statement began, so a lease
 * taken after a long wait would be short or over.
 */
export function checkpointStatements(schema: string): CheckpointStatements {
  const table = `${quoted(schema)}.checkpoints`;
  const members = `${quoted(schema)}.members`;
  return {
    claim: prepared(
      'claim_lane',
      `insert into ${table} as c (follower, version, lane, owner, epoch, lease_until)
       values ($1, $2, $3, $4, 1, clock_timestamp() + $5 * interval '1 millisecond')
       on conflict (follower, version, lane) do update
          set owner = excluded.owner, epoch = c.epoch + 1, lease_until = clock_timestamp() + $5 * interval '1 millisecond'
        where not $6 or c.owner = excluded.owner or c.lease_until is null or c.lease_until <= clock_timestamp()
       returning cursor, epoch, ledger`,
    ),
    renew: renewStatement(table, members, 'wait'),
    renewPastLocked: renewStatement(table, members, 'skip'),
    leave: prepared(
      'leave_followers',
      `delete from ${members} as m using json_to_recordset($1::json) as mine(follower text, version integer, owner text)
        where m.follower = mine.follower and m.version = mine.version and m.owner = mine.owner`,
    ),
    release: prepared(
      'release_lane',
      `update ${table} set lease_until = null where follower = $1 and version = $2 and lane = $3 and epoch = $4`,
    ),
    list: prepared(
      'list_checkpoints',
      `select lane, cursor, epoch, ledger, owner from ${table} where follower = $1 and version = $2 order by lane collate "C"`,
    ),
  };
}

/** So long a renewal waits for a lane that is being moved. A busy lane is, most of the time, but for milliseconds. */
const LOCK_MS = 500;

/**
 * What a crash of the server forgets of it costs nothing, so its commit does not wait for the disk; that setting, and how long it waits for a row, hold for this
 * statement alone. Members that are gone are removed by whoever comes first, in passing: two of them must not wait for each other.
 */
function renewStatement(table: string, members: string, locked: 'wait' | 'skip'): Statement {
  const endsIn = (until: string): string =>
    `greatest(1, ceil(extract(epoch from ${until} - clock_timestamp()) * 1000))::int`;
  const isOurs = 'c.follower = m.follower and c.version = m.version and c.lane = claim.lane and c.epoch = claim.epoch';
  const claims = 'mine as m cross join lateral json_to_recordset(m.claims) as claim(lane text, epoch bigint)';
  // In the order in which a transaction that several followers share locks them: else each might wait for the other.
  const mine = `select m.n, m.lease_ms, c.follower, c.version, c.lane from ${claims} join ${table} as c on ${isOurs}
                 order by c.follower collate "C", c.version, c.lane collate "C" for no key update of c ${locked === 'skip' ? 'skip locked' : ''}`;
  const renewed = `update ${table} as c
            set lease_until = clock_timestamp() + free.lease_ms * interval '1 millisecond'
           from (${mine}) as free
          where c.follower = free.follower and c.version = free.version and c.lane = free.lane
         returning free.n, c.lane`;
  const ours = locked === 'wait' ? 'renewed as c' : `${claims} join ${table} as c on ${isOurs}`;
  return prepared(
    locked === 'wait' ? 'renew_leases' : 'renew_past_locked',
    `with quick as materialized (
       select set_config('synchronous_commit', 'off', true) as synchronous_commit, set_config('lock_timeout', '${LOCK_MS}', true) as lock_timeout
     ), mine as materialized (
       select each.* from json_to_recordset($1::json)
         as each(n integer, follower text, version integer, owner text, lease_ms integer, lanes text[], claims json), quick
        where quick.synchronous_commit = 'off' and quick.lock_timeout is not null
     ), renewed as (
       ${renewed}
     ), here as (
       insert into ${members} (follower, version, owner, lanes, lease_until)
       select distinct on (follower, version, owner) follower, version, owner, lanes, clock_timestamp() + lease_ms * interval '1 millisecond'
         from mine order by follower, version, owner
       on conflict (follower, version, owner) do update set lanes = excluded.lanes, lease_until = excluded.lease_until
     ), gone as (
       delete from ${members} where (follower, version, owner) in (
         select follower, version, owner from ${members} as old
          where lease_until <= clock_timestamp()
            and not exists (select from mine where (mine.follower, mine.version, mine.owner) = (old.follower, old.version, old.owner))
            for update skip locked)
     )
     select 'ours' as kind, n, c.lane, null as owner, null as lanes, null as ends_in_ms from ${ours}
     union all
     select 'member', m.n, null, other.owner, array_to_json(other.lanes)::text, ${endsIn('other.lease_until')}
       from mine as m join ${members} as other on other.follower = m.follower and other.version = m.version and other.owner <> m.owner
      where other.lease_until > clock_timestamp()
     union all
     select 'held', m.n, c.lane, c.owner, null, ${endsIn('c.lease_until')}
       from mine as m join ${table} as c on c.follower = m.follower and c.version = m.version
      where c.lease_until > clock_timestamp()`,
  );
}
