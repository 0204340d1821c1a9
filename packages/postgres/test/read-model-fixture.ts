import { randomBytes } from 'node:crypto';
import type {
  Checkpoints,
  Claim,
  Cursor,
  FollowerId,
  Lane,
  ModelTransaction,
  Move,
  Parked,
  ReadModels,
  RowTable,
} from '@leftfold/subscriptions';
import { Client, Pool, type PoolConfig } from 'pg';
import { inject } from 'vitest';
import { postgresCheckpoints } from '../src/checkpoints/postgres-checkpoints.ts';
import { openDatabase, type Database } from '../src/database.ts';
import { applyMigrations } from '../src/migrations/migrations.ts';
import { postgresParked } from '../src/parked/postgres-parked.ts';
import { postgresReadModels } from '../src/read-models/postgres-read-models.ts';
import { poolerOptions } from './fresh-log.ts';

/** A database of a test's own, migrated, with what the read models are made of. */
export interface Fixture {
  readonly pool: Pool;
  readonly database: Database;
  readonly checkpoints: Checkpoints;
  readonly readModels: ReadModels;
  readonly parked: Parked;
  /** A connection besides, to look with. */
  readonly onlooker: Client;
  close(): Promise<void>;
}

export async function openFixture(config: PoolConfig = {}): Promise<Fixture> {
  const url = new URL(inject('postgresUrl'));
  const name = `models_${randomBytes(6).toString('hex')}`;
  await onServer(url.href, `create database ${name}`);
  url.pathname = `/${name}`;
  const pool = new Pool({ connectionString: url.href, max: 12, ...config });
  // A connection that is cut while it is idle is not what a test is about.
  pool.on('error', () => undefined);
  await applyMigrations(pool);
  const onlooker = new Client(url.href);
  await onlooker.connect();
  const database = openDatabase(pool, 'leftfold', poolerOptions);
  return {
    pool,
    database,
    checkpoints: postgresCheckpoints(database),
    readModels: postgresReadModels(database, pool),
    parked: postgresParked(database),
    onlooker,
    async close() {
      await onlooker.end();
      await pool.end();
      await onServer(inject('postgresUrl'), `drop database ${name} with (force)`);
    },
  };
}

async function onServer(url: string, sql: string): Promise<void> {
  const client = new Client(url);
  await client.connect();
  await client.query(sql);
  await client.end();
}

export const cursorAt = (n: number): Cursor => `at ${n}` as Cursor;

/** An owner of one lane, who takes one batch after the other and remembers where he stands. */
export class Owner {
  readonly #fixture: Fixture;
  claim: Claim;
  #from: Claim['cursor'];
  #moves = 0;

  private constructor(fixture: Fixture, claim: Claim) {
    this.#fixture = fixture;
    this.claim = claim;
    this.#from = claim.cursor;
  }

  static of(fixture: Fixture, table: RowTable, lane: string, name = `owner of ${lane}`): Promise<Owner> {
    return Owner.follower(fixture, { name: table.projection, version: table.version }, lane, name);
  }
  static async follower(
    fixture: Fixture,
    { name: of, version }: FollowerId,
    lane: string,
    name = `owner of ${lane}`,
  ): Promise<Owner> {
    const follower = { name: of, version };
    const options = { owner: name, leaseMs: 60_000, respectLease: false };
    const claim = await fixture.checkpoints.claim(follower, lane as Lane, options);
    if (claim === undefined) throw new Error('a claim without respect is never refused');
    return new Owner(fixture, claim);
  }

  /** One batch: it moves the cursor by one, and is run again when its rows were raced, as the projector does. */
  async batch<T>(work: (tx: ModelTransaction) => Promise<T>): Promise<T> {
    const move: Move = { from: this.#from, to: cursorAt(++this.#moves) };
    for (;;) {
      try {
        const result = await this.#fixture.readModels.transaction(this.claim, move, work);
        this.#from = move.to;
        return result;
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'LF_ROW_RACED') throw error;
      }
    }
  }

  /** The place that is saved, as far as this owner knows. */
  get saved(): Claim['cursor'] {
    return this.#from;
  }

  /** What the checkpoint says. */
  async cursor(): Promise<string | undefined> {
    const all = await this.#fixture.checkpoints.list(this.claim.follower);
    return all.find(({ lane }) => lane === this.claim.lane)?.cursor;
  }
}

/** Resolves when `count` sessions of this database wait for a lock. */
export async function waitingForLock({ onlooker }: Fixture, count = 1): Promise<void> {
  for (;;) {
    const { rows } = await onlooker.query<{ waiting: number }>(
      `select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if ((rows[0]?.waiting ?? 0) >= count) return;
  }
}
