import type { StreamId, StreamVersion } from '@leftfold/core';
import { LaneLost } from '@leftfold/subscriptions';
import type { AppliedAhead, Claim, Cursor, NoteAhead } from '@leftfold/subscriptions';
import { IDLE_MS } from '../checkpoints/move-checkpoint.ts';
import type { Session } from '../database.ts';
import { quoted } from '../schema-name.ts';
import { prepared } from '../statement.ts';

/** What is noted of parts of a batch that are committed before the batch is: one statement each. Made once per schema. */
export interface AheadNotes {
  /** What is noted for a lane. */
  of(session: Session, claim: Claim): Promise<readonly AppliedAhead[]>;
  /**
   * The first statement of a transaction that does a part: finds the checkpoint where the batch began and the epoch ours, holds it so, and notes. A claim, and the move that ends the
   * batch, wait for this transaction; others of its kind do not. The notes are compared and set, so what an unanswered COMMIT has left is never taken for undone.
   * @throws {@link LaneLost}
   */
  note(tx: Session, claim: Claim, from: Cursor | 'start', notes: readonly NoteAhead[]): Promise<void>;
  /** These notes, as they are now; none for nothing. */
  forget(tx: Session, claim: Claim, notes: readonly AppliedAhead[]): Promise<void>;
}

interface NoteRow {
  readonly tenant: string;
  readonly stream_id: StreamId;
  readonly stream_version: StreamVersion;
}

export function aheadNotes(schema: string): AheadNotes {
  const [checkpoints, ahead] = [`${quoted(schema)}.checkpoints`, `${quoted(schema)}.applied_ahead`];
  const ofLane = 'a.follower = $1 and a.version = $2 and a.lane = $3';
  const list = prepared(
    'applied_ahead',
    `select tenant, stream_id, stream_version from ${ahead} as a where ${ofLane} order by tenant collate "C", stream_id collate "C"`,
  );
  // $4 epoch · $5 cursor · $6 JSON: `[{ tenant, stream_id, stream_version, noted }]`
  const note = prepared(
    'note_ahead',
    `with mine as materialized (
       select set_config('idle_in_transaction_session_timeout', '${IDLE_MS}', true) as ms from ${checkpoints}
        where follower = $1 and version = $2 and lane = $3 and epoch = $4 and cursor = $5 for share
     ), given as materialized (
       select * from json_to_recordset($6::json) as g(tenant text, stream_id text, stream_version bigint, noted bigint)
     ), first as (
       insert into ${ahead} (follower, version, lane, tenant, stream_id, stream_version)
       select $1, $2::int, $3, tenant, stream_id, stream_version from mine, given where noted is null order by tenant, stream_id
       on conflict on constraint applied_ahead_key do nothing
       returning 1
     ), further as (
       update ${ahead} as a set stream_version = g.stream_version from mine, given as g
        where ${ofLane} and a.tenant = g.tenant and a.stream_id = g.stream_id and a.stream_version = g.noted
       returning 1
     )
     select (select count(*) from mine) as mine, (select count(*) from first) + (select count(*) from further) as noted`,
  );
  // $4 JSON: `[{ tenant, stream_id, stream_version }]`
  const forget = prepared(
    'forget_ahead',
    `delete from ${ahead} as a using json_to_recordset($4::json) as g(tenant text, stream_id text, stream_version bigint)
      where ${ofLane} and a.tenant = g.tenant and a.stream_id = g.stream_id and a.stream_version = g.stream_version`,
  );
  const lane = ({ follower, lane: of }: Claim): readonly unknown[] => [follower.name, follower.version, of];
  return {
    async of(session, claim) {
      const rows = await session.query<NoteRow>(list, lane(claim));
      return rows.map(({ tenant, stream_id: stream, stream_version: streamVersion }) => ({
        tenant,
        stream,
        streamVersion,
      }));
    },
    async note(tx, claim, from, notes) {
      const given = notes.map((each) => ({
        ...noteJson(each),
        noted: each.noted === null ? null : String(each.noted),
      }));
      const values = [...lane(claim), claim.epoch.toString(), from, JSON.stringify(given)];
      const [row] = await tx.query<{ readonly mine: bigint; readonly noted: bigint }>(note, values);
      if (row?.mine !== 1n || row.noted !== BigInt(notes.length)) throw new LaneLost(claim.follower, claim.lane);
    },
    async forget(tx, claim, notes) {
      if (notes.length > 0) await tx.query(forget, [...lane(claim), JSON.stringify(notes.map(noteJson))]);
    },
  };
}

const noteJson = ({ tenant, stream, streamVersion }: AppliedAhead): object => ({
  tenant,
  stream_id: stream,
  stream_version: String(streamVersion),
});
