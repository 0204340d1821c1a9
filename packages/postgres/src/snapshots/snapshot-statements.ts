import { prepared, type Statement } from '../statement.ts';

/** A snapshot. $1 tenant · $2 stream id · $3 key */
export function findSnapshotStatement(schema: string): Statement {
  return prepared(
    'snapshot_find',
    `select version, last_event, state from ${schema}.snapshots where tenant = $1 and stream_id = $2 and key = $3`,
  );
}

/**
 * Keeps a snapshot, unless a later one is kept. $1 tenant · $2 stream id · $3 key · $4 version · $5 last event · $6 state
 *
 * Of one version the new one: after a restore the stream may hold another event there. A fold that is no longer in use leaves its states behind, so those of other
 * keys are cleared away when nobody has renewed them for a month: long after a rolling deployment, in which both folds save.
 */
export function saveSnapshotStatement(schema: string): Statement {
  return prepared(
    'snapshot_save',
    `with gone as (
  delete from ${schema}.snapshots
  where tenant = $1 and stream_id = $2 and key <> $3 and saved_at < clock_timestamp() - interval '30 days'
)
insert into ${schema}.snapshots as kept (tenant, stream_id, key, version, last_event, state) values ($1, $2, $3, $4, $5, $6)
on conflict on constraint snapshots_key do update
set version = excluded.version, last_event = excluded.last_event, state = excluded.state, saved_at = excluded.saved_at
where kept.version <= excluded.version`,
  );
}
