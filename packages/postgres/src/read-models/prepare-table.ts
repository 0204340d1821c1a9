import { DefinitionError } from '@leftfold/core';
import type { Database, Session } from '../database.ts';
import { unhurried } from '../statement.ts';
import { createIndex, createTable, describeTable, descriptionOf } from './create-table.ts';
import type { ModelTable } from './model-table.ts';

/** One maker at a time, of all processes: `if not exists` alone still fails when two make the same thing. $1 what is made */
const MAKE_ALONE = unhurried(`select pg_advisory_xact_lock(hashtextextended($1, 0))`);

/**
 * Makes the table, if it is not there, in one transaction, and the indexes it lacks. Indexes that are declared no more stay.
 * @throws {@link DefinitionError} `LF_ROW_TABLE_CHANGED` when the table of this version has other columns, another key or another order
 */
export async function prepareTable(database: Database, table: ModelTable): Promise<void> {
  // The usual case, at every start: all is there, and nobody need wait.
  if ((await missingIndexes(database, table))?.length === 0) return;
  await database.transaction(async (tx) => {
    await tx.query(MAKE_ALONE, [table.schema]);
    let missing = await missingIndexes(tx, table);
    if (missing === undefined) {
      await tx.query(createTable(database.schema, table));
      missing = table.indexes;
    }
    for (const index of missing) await tx.query(createIndex(table, index));
  });
}

/** The indexes to make; `undefined`: there is no table. */
async function missingIndexes(session: Session, table: ModelTable): Promise<ModelTable['indexes'] | undefined> {
  const rows = await session.query<{ readonly line: string }>(describeTable, [table.schema, table.name]);
  if (rows.length === 0) return undefined;
  const found = new Set(rows.map(({ line }) => line));
  const wanted = new Set(descriptionOf(table));
  const lacking = [...wanted].filter((line) => !found.has(line));
  const surplus = [...found].filter((line) => !line.startsWith('index ') && !wanted.has(line));
  if (lacking.length > 0 || surplus.length > 0) throw changed(table, lacking, surplus);
  return table.indexes.filter(({ name }) => !found.has(`index ${name}`));
}

function changed(
  { definition, table }: ModelTable,
  lacking: readonly string[],
  surplus: readonly string[],
): DefinitionError {
  const differences = [...lacking.map((line) => `lacks ${line}`), ...surplus.map((line) => `has ${line}`)].join('; ');
  return new DefinitionError(
    'LF_ROW_TABLE_CHANGED',
    `${table} was made with other columns (it ${differences}); raise the version of projection ${definition.projection} above ${definition.version}, ` +
      'which builds a new table beside this one',
  );
}
