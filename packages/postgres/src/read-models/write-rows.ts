import type { Json } from '@leftfold/core';
import { RowRaced } from '@leftfold/subscriptions';
import type { Row, RowChange } from '@leftfold/subscriptions';
import type { Session } from '../database.ts';
import { quoted } from '../schema-name.ts';
import type { Statement } from '../statement.ts';
import { STREAM_VERSION, TENANT, type ModelTable } from './model-table.ts';
import { planned, type MakeStatement } from './read-rows.ts';

/** Writes changes: one statement for the rows that stay, one for those that go; none for nothing. @throws {@link RowRaced} */
export type WriteRows = (session: Session, changes: readonly RowChange[]) => Promise<void>;
/**
 * The same in several tables: one statement for all rows that stay, then one for each table with rows that go; where a row goes that never was, so for the tables up to its own, then for those
 * behind. Answers the tables that were raced for, by their
 * index: nothing of the transaction may be committed then.
 */
export type WriteTables = (
  session: Session,
  changes: readonly (readonly RowChange[])[],
) => Promise<ReadonlyMap<number, RowRaced>>;

export function writeRows(model: ModelTable, make: MakeStatement = planned): WriteRows {
  const write = writeTables([model], make);
  return async (session, changes) => {
    const raced = await write(session, [changes]);
    for (const race of raced.values()) throw race;
  };
}

export function writeTables(models: readonly ModelTable[], make: MakeStatement = planned): WriteTables {
  const staying = stayStatement(models, make);
  const going = models.map((model) => goStatement(model, make));
  return async (session, changes) => {
    const raced = new Map<number, RowRaced>();
    const stay = models.map((model, part) =>
      (changes[part] ?? []).flatMap((change) => (change.row === null ? [] : [stayRecord(model, change, change.row)])),
    );
    const go = models.map((_, part) => (changes[part] ?? []).filter(({ row }) => row === null).map(goRecord));
    /** Of the tables from `from` on, up to this one. */
    const write = async (from: number, through: number): Promise<void> => {
      const those = stay.map((records, part) => (part >= from && part <= through ? records : []));
      if (those.every(({ length }) => length === 0)) return;
      const [answer] = await session.query<{ readonly written: string }>(staying, those.map(toJson));
      const written = JSON.parse(answer?.written ?? '[]') as readonly number[];
      for (const [part, { name }] of models.entries())
        if (written[part] !== those[part]?.length) raced.set(part, new RowRaced(name));
    };
    const remove = async (from: number, through: number): Promise<void> => {
      for (const [part, statement] of going.entries()) {
        const those = go[part] ?? [];
        if (part >= from && part <= through && those.length > 0) await session.query(statement, [toJson(those)]);
      }
    };
    let from = 0;
    for (const [part, { deleted }] of models.entries()) {
      const isLast = part === models.length - 1;
      // A row that never was is locked by nobody, so its deletion may wait for somebody, like an insert. Then both keep the order of tables (hazard C13).
      const waits = deleted !== undefined && go[part]?.some(({ _existed }) => _existed === false) === true;
      if (!waits && !isLast) continue;
      await write(from, part);
      await remove(from, part);
      from = part + 1;
    }
    return raced;
  };
}

const toJson = (records: readonly JsonRecord[]): string => JSON.stringify(records);

/** A parameter for each table, JSON: its rows, with `_existed`. One JSON parameter costs the server what arrays cost, and us a third of their work. */
function stayStatement(models: readonly ModelTable[], make: MakeStatement): Statement {
  const written = models.map(
    (_, part) => `(select count(*) from inserted_${part}) + (select count(*) from updated_${part})`,
  );
  return make(
    'write_rows',
    `with ${models.map(stayText).join(',\n')}\nselect json_build_array(${written.join(', ')})::text as written`,
  );
}

/**
 * A row believed absent is inserted, or left alone when it is there after all: then fewer are written than were given. An upsert would wait there for
 * whoever holds the row, with rows of ours in hand that he may wait for. As it is, nobody waits in a circle: one waits first for rows that are there, in
 * key order, while reading; then, in key order, for rows that others are inserting or have changed; and whoever has begun to change rows waits
 * for none in their table. Hence updates begin after the last insert, by the condition on their count; without it the server may take them in any order.
 */
function stayText({ table, columns, key, deleted }: ModelTable, part: number): string {
  const versioned = deleted === undefined ? [] : [{ name: STREAM_VERSION, type: 'bigint' }];
  const all = [{ name: TENANT, type: 'text' }, ...columns, ...versioned];
  const names = all.map(({ name }) => quoted(name)).join(', ');
  const changing = [...columns, ...versioned].filter(({ name }) => name !== key.name);
  const sets = (changing.length > 0 ? changing : [key]).map(({ name }) => `${quoted(name)} = c.${quoted(name)}`);
  const keyName = quoted(key.name);
  // Deleted by another source of the same events, which is ahead of us, since we have looked: it is not brought back.
  const notDeletedSince =
    deleted === undefined
      ? ''
      : `and not exists (select from ${deleted} as d
           where d._tenant = c._tenant and d.key = c.${keyName}::text and d._stream_version >= c._stream_version)`;
  return `changes_${part} as (select * from json_to_recordset($${part + 1}::json) as c(${all.map(({ name, type }) => `${quoted(name)} ${type}`).join(', ')}, _existed boolean)),
     inserted_${part} as (
       insert into ${table} (${names})
       select ${names} from changes_${part} as c where not _existed ${notDeletedSince} order by _tenant, ${keyName}
       on conflict (_tenant, ${keyName}) do nothing
       returning 1
     ),
     updated_${part} as (
       update ${table} as r set ${sets.join(', ')} from changes_${part} as c
        where c._existed and r._tenant = c._tenant and r.${keyName} = c.${keyName}
          and (select count(*) from inserted_${part}) = (select count(*) from changes_${part} where not _existed)
       returning 1
     )`;
}

/** $1 JSON: `[{ _tenant, _key, _stream_version, _existed }]`. A row believed absent is not looked for: it would be somebody else's, of after. */
function goStatement({ table, deleted, key }: ModelTable, make: MakeStatement): Statement {
  const removed = `delete from ${table} as r using gone as g
        where g._existed and r._tenant = g._tenant and r.${quoted(key.name)} = g._key`;
  const gone = `with gone as (select * from json_to_recordset($1::json) as g(_tenant text, _key ${key.type}, _stream_version bigint, _existed boolean))`;
  if (deleted === undefined) return make('delete_rows', `${gone} ${removed}`);
  return make(
    'delete_rows',
    `${gone}, removed as (${removed})
     insert into ${deleted} as d (_tenant, key, _stream_version)
     select _tenant, _key::text, _stream_version from gone
     on conflict (_tenant, key) do update set _stream_version = greatest(d._stream_version, excluded._stream_version)`,
  );
}

type JsonRecord = { [name: string]: Json };

function stayRecord(model: ModelTable, { tenant, key, streamVersion, existed }: RowChange, row: Row): JsonRecord {
  const record: JsonRecord = { _tenant: tenant, _stream_version: streamVersion.toString(), _existed: existed };
  for (const { name, encode } of model.columns) record[name] = encode(row[name]);
  // The row that was read is the row that is written, whatever stands in it.
  record[model.key.name] = key;
  return record;
}

const goRecord = ({ tenant, key, streamVersion, existed }: RowChange): JsonRecord => ({
  _tenant: tenant,
  _key: key,
  _stream_version: streamVersion.toString(),
  _existed: existed,
});
