import type { EventId, Snapshots, StreamVersion } from '@leftfold/core';
import type { Database } from '../database.ts';
import { quoted } from '../schema-name.ts';
import { findSnapshotStatement, saveSnapshotStatement } from './snapshot-statements.ts';

interface SnapshotRow {
  readonly version: bigint;
  readonly last_event: string;
  readonly state: string;
}

/** Snapshots beside the log's streams. Each call is one statement in a transaction of its own, on a connection of the pool. */
export function postgresSnapshots(db: Database): Snapshots {
  const schema = quoted(db.schema);
  const [find, save] = [findSnapshotStatement(schema), saveSnapshotStatement(schema)];
  return {
    async find({ tenant, id }, key, { signal } = {}) {
      const [row] = await db.session((session) => session.query<SnapshotRow>(find, [tenant, id, key]), signal);
      return row && { version: row.version as StreamVersion, lastEvent: row.last_event as EventId, state: row.state };
    },
    async save({ tenant, id }, key, { version, lastEvent, state }) {
      await db.query(save, [tenant, id, key, version, lastEvent, state]);
    },
  };
}
