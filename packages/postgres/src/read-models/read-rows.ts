import type { KeptRow, Row, RowKey } from '@leftfold/subscriptions';
import type { Session } from '../database.ts';
import { quoted } from '../schema-name.ts';
import { unprepared, type Statement } from '../statement.ts';
import { STREAM_VERSION, type ModelTable } from './model-table.ts';

/** A line of the answer: a row, or what a deleted one left behind. Its columns are text or null; names of ours begin with `_`, as no column's may. */
type Line = { readonly [column: string]: string | null } & {
  readonly _n: number;
  readonly _found: boolean;
  readonly _version: bigint;
};
const NEVER_SEEN: KeptRow = Object.freeze({ row: null, streamVersion: 0n });

/**
 * Reads the rows of these keys, and what deleted ones left behind, with one statement. Statements on rows are planned each time: a plan kept from when
 * the table was small reads all of it later.
 */
export function readRows(
  model: ModelTable,
): (session: Session, keys: readonly RowKey[], lock: boolean) => Promise<readonly KeptRow[]> {
  const plain = readStatement(model, false);
  const locking = readStatement(model, true);
  return async (session, keys, lock) => {
    if (keys.length === 0) return [];
    const asked = keys.map(({ tenant, key }, n) => ({ _n: n, _tenant: tenant, _key: key }));
    const lines = await session.query<Line>(lock ? locking : plain, [JSON.stringify(asked)]);
    const kept = keys.map(() => NEVER_SEEN);
    for (const line of lines) {
      // A row that was deleted and came back has left a version behind, too; its own is the later one.
      if (line._found) kept[line._n] = { row: rowOf(model, line), streamVersion: line._version };
      else if (kept[line._n]?.row === null) kept[line._n] = { row: null, streamVersion: line._version };
    }
    return kept;
  };
}

/**
 * $1 JSON: `[{ _n, _tenant, _key }]`. Answers lines for what is there only.
 *
 * Rows are locked in a subquery of their own: `for update` stands above the sort there, so it walks the keys in order, two owners never wait for each
 * other in a circle, and what it gives on is each row as it is once locked, not as the statement's snapshot had it.
 */
function readStatement({ table, deleted, columns, key }: ModelTable, lock: boolean): Statement {
  const keyColumn = `r.${quoted(key.name)}`;
  const left = `union all
     select a._n, false, d._stream_version, ${columns.map(() => 'null').join(', ')}
       from ${deleted} as d join asked as a on d._tenant = a._tenant and d.key = a._key::text`;
  return unprepared(
    `with asked as (select * from json_to_recordset($1::json) as a(_n integer, _tenant text, _key ${key.type})),
     kept as (
       select a._n, r.* from ${table} as r join asked as a on r._tenant = a._tenant and ${keyColumn} = a._key
       ${lock ? `order by r._tenant, ${keyColumn} for update of r` : ''}
     )
     select _n, true as _found, ${deleted === undefined ? '0::bigint' : STREAM_VERSION} as _version, ${columns.map(({ name }) => `${quoted(name)}::text`).join(', ')}
       from kept ${deleted === undefined ? '' : left}`,
  );
}

function rowOf({ columns }: ModelTable, line: Line): Row {
  return Object.fromEntries(columns.map(({ name, decode }) => [name, decode(line[name] ?? null)]));
}
