import type { RecordedOf } from '@leftfold/core';
import { sqlProjection, type SqlProjection } from '@leftfold/postgres';
import { sql, type Transaction } from 'kysely';
import { delivered, ordered } from './events.ts';
import type { Feed } from './models.ts';

/** Its table. */
export interface Ledger {
  applied: { stream: string; version: number; amount: number; times: number };
}
type Handled = typeof ordered | typeof delivered;

/**
 * A row for each event, which counts how often it was applied: by statements of its own, so that nothing which guards rows of a fold can hide a second time. A bad
 * event is refused by the database, before its code was mended.
 */
export function ledgerOf(feed: Feed, isMended: boolean): SqlProjection<string, Ledger, Handled> {
  const write = async (events: readonly RecordedOf<Handled>[], db: Transaction<Ledger>): Promise<void> => {
    const rows = events.map(({ data, stream }) => ({
      stream: stream.id,
      version: Number(stream.version),
      amount: data.isBad && !isMended ? -1 : data.amount,
      times: 1,
    }));
    await db
      .insertInto('applied')
      .values(rows)
      .onConflict((conflict) => conflict.columns(['stream', 'version']).doUpdateSet({ times: sql`applied.times + 1` }))
      .execute();
  };
  return sqlProjection(`ledger-by-${feed}`, {
    version: 1,
    create: async (db: Transaction<Ledger>) => {
      await db.schema
        .createTable('applied')
        .addColumn('stream', 'text', (column) => column.notNull())
        .addColumn('version', 'integer', (column) => column.notNull())
        .addColumn('amount', 'integer', (column) => column.notNull().check(sql`amount >= 0`))
        .addColumn('times', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('applied_key', ['stream', 'version'])
        .execute();
    },
  }).batch([ordered, delivered], write);
}
