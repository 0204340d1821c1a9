import type { Database, Session } from '../database.ts';
import { quoted } from '../schema-name.ts';
import { unhurried, unprepared } from '../statement.ts';
import type { MigrationIndex } from './migration.ts';

/** A smaller table is read in a few milliseconds; the migration's own transaction may do that, and appends wait for it. */
const LARGE_BYTES = 16 * 1024 * 1024;

interface Found {
  readonly large: boolean;
  /** Null: there is none of this name. False: left over by a build that broke off. */
  readonly valid: boolean | null;
}

/**
 * Builds those indexes concurrently whose tables are large, so that nobody waits who writes; the transaction of the migration then finds them there. Each
 * takes a connection of its own, beside that of the transaction. May be run again after any end.
 * @param tx the transaction that holds the lock of the migrations, in which nothing was written yet
 */
export async function buildLargeIndexes(db: Database, tx: Session, indexes: readonly MigrationIndex[]): Promise<void> {
  for (const { name, table, definition } of indexes) {
    const [index, on] = [`${quoted(db.schema)}.${name}`, `${quoted(db.schema)}.${table}`];
    const [found] = await tx.query<Found>(
      unprepared(`select pg_relation_size('${on}') > ${LARGE_BYTES} as large,
  (select indisvalid from pg_index where indexrelid = to_regclass('${index}')) as valid`),
    );
    if (found?.valid === false) await db.query(unhurried(`drop index concurrently ${index}`));
    if (found?.large === true && found.valid !== true) {
      await db.query(unhurried(`create index concurrently ${name} on ${on} ${definition}`));
    }
  }
}
