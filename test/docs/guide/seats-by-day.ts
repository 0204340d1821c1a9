import { sqlProjection } from '@leftfold/postgres';
import { sql, type Transaction } from 'kysely';
import { seatTaken } from './events.ts';

interface Seats {
  seats_by_day: { day: Date; taken: number };
}

export const seatsByDay = sqlProjection('seats-by-day', {
  version: 1,
  order: 'any', // all courses feed the rows; sums commute
  create: async (db: Transaction<Seats>) => {
    await db.schema
      .createTable('seats_by_day')
      .addColumn('day', 'date', (column) => column.primaryKey())
      .addColumn('taken', 'integer', (column) => column.notNull())
      .execute();
  },
}).batch([seatTaken], async (events, db) => {
  for (const [day, taken] of Map.groupBy(events, ({ recordedAt }) => recordedAt.toISOString().slice(0, 10))) {
    await db
      .insertInto('seats_by_day')
      .values({ day: new Date(day), taken: taken.length })
      .onConflict((c) => c.column('day').doUpdateSet({ taken: sql`seats_by_day.taken + excluded.taken` }))
      .execute();
  }
});
