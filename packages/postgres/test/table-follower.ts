import type { Batch, Claim, Cursor, Lane, LogRecord } from '@leftfold/subscriptions';
import type { PgPool, PostgresStorage } from '@leftfold/postgres';
import { moveCheckpoint } from '../src/checkpoints/move-checkpoint.ts';
import { openDatabase, type Database } from '../src/database.ts';
import { unprepared } from '../src/statement.ts';
import { nameOf } from './read-to-end.ts';

const LANE = '0' as Lane;

/**
 * A follower whose effect stands in the log's own database, in one transaction with its place: a row for each event that it was handed, in the table `delivered`.
 * It is a process as long as one {@link run} lasts; the next one knows no more than the database does.
 */
export class TableFollower {
  readonly name: string;
  readonly #db: Database;
  /** Codes that the log reported while it ran. */
  readonly faults: string[] = [];

  constructor(name: string, pool: PgPool) {
    this.name = name;
    this.#db = openDatabase(pool, 'leftfold');
  }

  static async prepare(pool: PgPool): Promise<void> {
    const db = openDatabase(pool, 'leftfold');
    await db.query(
      unprepared('create table if not exists delivered (n bigserial, follower text, event text, position bigint)'),
    );
  }

  /**
   * Follows the log until the signal aborts; `toEnd`: up to where it ends now.
   * @param options with `batches` it ends when it has dealt with so many; `pins` leaves the next window opened then, as a relay does before it sends.
   */
  async run(
    { log, checkpoints }: PostgresStorage,
    signal: AbortSignal,
    options: { readonly toEnd?: boolean; readonly batches?: number; readonly pins?: boolean } = {},
  ): Promise<void> {
    const { toEnd = false, batches = Infinity, pins = false } = options;
    const enough = new AbortController();
    const move = moveCheckpoint('leftfold');
    let claim: Claim | undefined;
    let left = batches;
    const deal = async (batch: Batch<LogRecord>): Promise<void> => {
      const mine = claim as Claim;
      const to: Cursor = left > 0 ? batch.to : batch.at;
      await this.#db.transaction(async (tx) => {
        if (to !== batch.from) await move(tx, mine, { from: batch.from, to });
        if (left <= 0) return;
        for (const record of batch.records) {
          const values = [this.name, nameOf(record), record.position];
          await tx.query(unprepared('insert into delivered (follower, event, position) values ($1, $2, $3)'), values);
        }
      });
    };
    await log.run(
      {
        name: this.name,
        ...(toEnd && { until: await log.head() }),
        from: async () => {
          claim = await checkpoints.claim({ name: this.name, version: 1 }, LANE, {
            owner: 'me',
            leaseMs: 60_000,
            respectLease: false,
          });
          return (claim as Claim).cursor;
        },
        handle: async (batch) => {
          if (left > 0 || pins) await deal(batch);
          left -= 1;
          if (left < 0 || (left === 0 && !pins)) enough.abort();
        },
        faulted: (_, error, retryMs) => {
          this.faults.push(String((error as { readonly code?: string }).code));
          if (retryMs === null) enough.abort();
        },
      },
      AbortSignal.any([signal, enough.signal]),
    );
  }

  /** What it was handed so far, all runs together. */
  async delivered(): Promise<readonly string[]> {
    const rows = await this.#db.query<{ readonly event: string }>(
      unprepared('select event from delivered where follower = $1 order by n'),
      [this.name],
    );
    return rows.map(({ event }) => event);
  }
}

/** What is wrong with a delivery of these events; empty when each came once, each stream in order. */
export function faultsOf(delivered: readonly string[], events: readonly string[]): readonly string[] {
  const count = (list: readonly string[], name: string): number => list.filter((each) => each === name).length;
  const all = [...new Set([...delivered, ...events])];
  const counts = all.flatMap((name) =>
    count(delivered, name) === count(events, name) ? [] : [`${name} came ${count(delivered, name)} times`],
  );
  const last = new Map<string, number>();
  const inverted = delivered.flatMap((name) => {
    const [stream = '', version] = name.split('@');
    const before = last.get(stream) ?? 0;
    last.set(stream, Number(version));
    return Number(version) > before ? [] : [`${name} came after ${before}`];
  });
  return [...counts, ...inverted];
}
