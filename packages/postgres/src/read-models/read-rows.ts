import { RowRaced } from '@leftfold/subscriptions';
import type { KeptRow, Row, RowKey } from '@leftfold/subscriptions';
import type { Session } from '../database.ts';
import { quoted } from '../schema-name.ts';
import { unprepared, type Statement } from '../statement.ts';
import { STREAM_VERSION, type ModelTable } from './model-table.ts';

/**
 * A line of the answer: a row, or what a deleted one left behind. All of it is text, since it may be read on a connection of the caller's, with parsers of his.
 */
interface Line {
  /** Which of the tables. */
  readonly part: string;
  /** Which of its keys; null where a row was deleted while it was waited for. */
  readonly n: string | null;
  readonly version: string;
  /** A JSON list of its columns, each as text or null; null for what is deleted. */
  readonly row: string | null;
}
const NEVER_SEEN: KeptRow = Object.freeze({ row: null, streamVersion: 0n });

/**
 * Makes a statement on rows of its text. Planned each time, unless it runs where plans are by key alone (`planByKey`): a plan kept from when the table was small reads all of it
 * later.
 */
export type MakeStatement = (label: string, text: string) => Statement;
export const planned: MakeStatement = (_, text) => unprepared(text);

/** Reads the rows of these keys, and what deleted ones left behind, with one statement. @throws {@link RowRaced} */
export type ReadRows = (session: Session, keys: readonly RowKey[], lock: boolean) => Promise<readonly KeptRow[]>;
/** The same of several tables, with one statement; keys and answers in the order of the tables. */
export type ReadTables = (
  session: Session,
  keys: readonly (readonly RowKey[])[],
  lock: boolean,
) => Promise<readonly (readonly KeptRow[])[]>;

export function readRows(model: ModelTable, make: MakeStatement = planned): ReadRows {
  const read = readTables([model], make);
  return async (session, keys, lock) => (await read(session, [keys], lock))[0] ?? [];
}

/**
 * Rows are locked table by table, in the order of the tables.
 *
 * A row of one stream that somebody deletes while it is waited for is not answered as absent: what it left behind is younger than the statement's snapshot, so it would look as if it
 * had never been, and an event that is done already would not be skipped (hazard C13). Then the whole read has lost a race.
 */
export function readTables(models: readonly ModelTable[], make: MakeStatement = planned): ReadTables {
  const plain = readStatement(models, false, make);
  const locking = readStatement(models, true, make);
  return async (session, keys, lock) => {
    const kept = keys.map((ofTable) => ofTable.map(() => NEVER_SEEN));
    if (keys.every(({ length }) => length === 0)) return kept;
    const asked = keys.map((ofTable) =>
      JSON.stringify(ofTable.map(({ tenant, key }, n) => ({ _n: n, _tenant: tenant, _key: key }))),
    );
    for (const line of await session.query<Line>(lock ? locking : plain, asked)) {
      const [part, streamVersion] = [Number(line.part), BigInt(line.version)];
      const model = models[part] as ModelTable;
      if (line.n === null) throw new RowRaced(model.name);
      const n = Number(line.n);
      const ofTable = kept[part] as KeptRow[];
      // A row that was deleted and came back has left a version behind, too; its own is the later one.
      if (line.row !== null) ofTable[n] = { row: rowOf(model, line.row), streamVersion };
      else if (ofTable[n]?.row === null) ofTable[n] = { row: null, streamVersion };
    }
    return kept;
  };
}

/** A parameter for each table, JSON: `[{ _n, _tenant, _key }]`. Answers lines for what is there only. */
function readStatement(models: readonly ModelTable[], lock: boolean, make: MakeStatement): Statement {
  const asked = models.map((model, part) => askedText(model, part, lock));
  return make(
    'read_rows',
    `with ${asked.join(',\n')}\n${models.map((model, part) => foundText(model, part, lock)).join('\nunion all\n')}`,
  );
}

/**
 * Rows are locked in a subquery of their own: `for update` stands above the sort there, so it walks the keys in order, two owners never wait for each
 * other in a circle, and what it gives on is each row as it is once locked, not as the statement's snapshot had it.
 */
function askedText({ table, key }: ModelTable, part: number, lock: boolean): string {
  const keyColumn = `r.${quoted(key.name)}`;
  return `asked_${part} as (select * from json_to_recordset($${part + 1}::json) as a(_n integer, _tenant text, _key ${key.type})),
     kept_${part} as (
       select a._n, r.* from ${table} as r join asked_${part} as a on r._tenant = a._tenant and ${keyColumn} = a._key
       ${lock ? `order by r._tenant, ${keyColumn} for update of r` : ''}
     )`;
}

function foundText({ table, key, deleted, columns }: ModelTable, part: number, lock: boolean): string {
  const version = deleted === undefined ? "'0'" : `${STREAM_VERSION}::text`;
  const values = columns.map(({ name }) => `${quoted(name)}::text`).join(', ');
  const found = `select '${part}' as part, _n::text as n, ${version} as version, json_build_array(${values})::text as row from kept_${part}`;
  if (deleted === undefined) return found;
  const withDeleted = `${found}
     union all
     select '${part}', a._n::text, d._stream_version::text, null
       from ${deleted} as d join asked_${part} as a on d._tenant = a._tenant and d.key = a._key::text`;
  if (!lock) return withDeleted;
  // More were there than could be locked.
  return `${withDeleted}
     union all
     select '${part}', null, '0', null
       from ${table} as r join asked_${part} as a on r._tenant = a._tenant and r.${quoted(key.name)} = a._key
     having count(*) > (select count(*) from kept_${part})`;
}

function rowOf({ columns }: ModelTable, text: string): Row {
  const values = JSON.parse(text) as readonly (string | null)[];
  const row: { [column: string]: unknown } = {};
  for (const [nth, { name, decode }] of columns.entries()) row[name] = decode(values[nth] ?? null);
  return row;
}
