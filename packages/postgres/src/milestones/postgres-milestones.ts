import { LaneLost } from '@leftfold/subscriptions';
import type { Cursor, Lane, Milestone, Milestones, PartitionReached } from '@leftfold/subscriptions';
import type { Database } from '../database.ts';
import { milestoneStatements } from './milestone-statements.ts';

interface MilestoneRow {
  readonly lane: Lane;
  readonly number: bigint;
  readonly at: Date;
  readonly log: string;
  readonly generation: number;
  readonly cursor: Cursor;
  /** JSON text. */
  readonly partitions: string;
}
type StoredPartition = readonly [topic: string, partition: number, next: number, offset: string];

/** {@link Milestones} in the log's own schema, one statement each. */
export function postgresMilestones(database: Database): Milestones {
  const statements = milestoneStatements(database.schema);
  return {
    async write({ follower, lane, epoch }, { log, generation, cursor, partitions }) {
      const stored = partitions.map(({ topic, partition, next, offset }): StoredPartition => [
        topic,
        partition,
        next,
        offset.toString(),
      ]);
      const claim = [follower.name, follower.version, lane, epoch.toString()];
      const values = [...claim, log, generation, cursor, JSON.stringify(stored)];
      const written = await database.query(statements.write, values);
      if (written.length === 0) throw new LaneLost(follower, lane);
    },
    async list({ name, version }, lane, { below, limit = 100 } = {}) {
      const values = [name, version, lane, below?.toString() ?? null, Math.min(limit, 1_000)];
      return (await database.query<MilestoneRow>(statements.list, values)).map(milestoneOf);
    },
    async before({ name, version }, time) {
      const rows = await database.query<MilestoneRow>(statements.before, [name, version, time.toISOString()]);
      return new Map(rows.map((row) => [row.lane, milestoneOf(row)]));
    },
    async thin({ follower, lane, epoch }, { keepMs = Infinity } = {}) {
      const kept = Number.isFinite(keepMs) ? Math.ceil(keepMs) : null;
      const values = [follower.name, follower.version, lane, epoch.toString(), kept];
      const thinned = await database.query(statements.thin, values);
      if (thinned.length === 0) throw new LaneLost(follower, lane);
    },
  };
}

const milestoneOf = (row: MilestoneRow): Milestone => ({ ...row, partitions: partitionsOf(row) });

function partitionsOf({ partitions }: MilestoneRow): readonly PartitionReached[] {
  return (JSON.parse(partitions) as readonly StoredPartition[]).map(([topic, partition, next, offset]) => ({
    topic,
    partition,
    next,
    offset: BigInt(offset),
  }));
}
