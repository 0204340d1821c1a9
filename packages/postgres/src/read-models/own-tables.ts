import type { OwnTables } from '@leftfold/subscriptions';
import type { Database, OpenTransaction } from '../database.ts';
import { asProjector, shareSchema } from '../roles/model-owner.ts';
import { quoted } from '../schema-name.ts';
import { prepared, unhurried } from '../statement.ts';
import { modelSchema } from './model-table.ts';
import { OwnTransaction } from './own-transaction.ts';
import { TransactionSettings } from './transaction-settings.ts';

/** Says, in the version's own schema, that `create` has run there. Names that begin with `_` are ours. */
const CREATED = '_created';

/** The schema of a projection's own tables, unquoted. @param logSchema unquoted name of the log's. @throws `LF_ROW_TABLE_NAME` */
export const ownSchema = (logSchema: string, { projection, version }: OwnTables): string =>
  modelSchema(logSchema, projection, version);

/** $1 schema. */
const IS_CREATED = prepared(
  'own_tables_created',
  `select 1 as there from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relname = '${CREATED}'`,
);
/** One maker at a time, of all processes. $1 what is made */
const MAKE_ALONE = unhurried(`select pg_advisory_xact_lock(hashtextextended($1, 0))`);

/** Lets a projection make its tables, once per version: in one transaction with the note that it has. What is made belongs to all projectors, if there are roles. */
export async function prepareOwn(database: Database, tables: OwnTables): Promise<void> {
  const schema = ownSchema(database.schema, tables);
  const isCreated = async (session: Pick<OpenTransaction, 'query'>): Promise<boolean> =>
    (await session.query(IS_CREATED, [schema])).length > 0;
  if (await isCreated(database)) return;
  await database.transaction(async (tx) => {
    await tx.query(MAKE_ALONE, [schema]);
    if (await isCreated(tx)) return;
    const made = [
      `select ${quoted(database.schema)}.make_model_schema('${schema}')`,
      ...asProjector(database.schema),
      `create table ${quoted(schema)}.${CREATED} (at timestamptz not null default clock_timestamp())`,
    ];
    await tx.query(unhurried(made.join(';\n')));
    await new TransactionSettings(tx, 'nobody').forOwn(schema);
    const own = new OwnTransaction(tx, 'several');
    try {
      await tables.create(own.db as never);
      await own.settle();
    } finally {
      own.close();
    }
    tx.assertSound();
    const share = shareSchema(database.schema, schema);
    if (share.length > 0) await tx.query(unhurried(share.join(';\n')));
  });
}
