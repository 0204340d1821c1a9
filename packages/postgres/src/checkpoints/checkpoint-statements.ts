import { quoted } from '../schema-name.ts';
import { prepared, type Statement } from '../statement.ts';

/** What is asked of the table of checkpoints, one statement each. Moving a cursor is {@link moveCheckpoint}. */
export interface CheckpointStatements {
  /** $1 follower · $2 version · $3 lane · $4 owner · $5 lease in ms · $6 true: only if no other owner's lease runs. No row: refused. */
  readonly claim: Statement;
  /** $1 JSON: `[{ n, follower, version, lane, epoch }]` · $2 lease in ms. Answers the `n` whose epoch is still the claim's. */
  readonly renew: Statement;
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
    // A lease that a crash of the server forgets costs nothing, so its commit does not wait for the disk; the setting holds for this statement alone.
    renew: prepared(
      'renew_leases',
      `update ${table} as c
          set lease_until = clock_timestamp() + $2 * interval '1 millisecond'
         from json_to_recordset($1::json) as mine(n integer, follower text, version integer, lane text, epoch bigint),
              (select set_config('synchronous_commit', 'off', true) as synchronous_commit) as quick
        where c.follower = mine.follower and c.version = mine.version and c.lane = mine.lane and c.epoch = mine.epoch
          and quick.synchronous_commit = 'off'
       returning mine.n`,
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
