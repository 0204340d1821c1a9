import { CompiledQuery } from 'kysely';
import type { Database, Session } from './database.ts';
import { driverFault } from './driver-fault.ts';
import type { PgTransaction } from './pool.ts';
import type { Statement } from './statement.ts';
import { NotInTransaction } from './storage-errors.ts';

/**
 * A {@link Session} in a transaction of the caller's, who keeps it in his hands. Through Kysely no statement is prepared by name, and column values come as
 * the caller's driver makes them: what runs here selects text only.
 * @throws {@link NotInTransaction} `LF_NOT_IN_TRANSACTION` for a Kysely that is no transaction
 */
export function callerSession(tx: PgTransaction, db: Pick<Database, 'on'>): Session {
  if (!('withoutPlugins' in tx)) return db.on(tx);
  if (!tx.isTransaction) throw new NotInTransaction();
  const bare = tx.withoutPlugins();
  return {
    connection: tx,
    query: async <R>({ text }: Statement, values: readonly unknown[] = []) => {
      try {
        const { rows } = await bare.executeQuery(CompiledQuery.raw(text, [...values]));
        return rows as R[];
      } catch (error) {
        throw driverFault(error);
      }
    },
  };
}
