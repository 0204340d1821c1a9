import type { Session } from '../database.ts';
import { quoted } from '../schema-name.ts';
import { unhurried, unprepared } from '../statement.ts';
import type { RebasePlan } from './rebase-plan.ts';

/** SQL that takes something away from the table, and SQL that puts it back. */
interface Removal {
  readonly remove: string;
  readonly restore: string;
}

/**
 * Gives the events the transaction ids of a plan: by a new column whose constant default no row has to be written for, and updates of the other rows. Indexes that
 * held the old column are built anew; triggers, which refuse any change of an event, do not see this one, and are as they were afterwards. Whoever calls
 * it holds the table exclusively.
 */
export async function replaceXids(tx: Session, name: string, plan: RebasePlan): Promise<void> {
  const table = `${quoted(name)}.events`;
  const run = async (text: string): Promise<void> => void (await tx.query(unhurried(text)));
  const removals = [...(await triggersOf(tx, table)), ...(await indexesOn(tx, table))];
  for (const { remove } of removals) if (remove !== '') await run(remove);
  await run(`alter table ${table} rename column xid to old_xid`);
  await run(`alter table ${table} add column xid xid8 not null default '${plan.most}'`);
  for (const { range, xid } of plan.others) {
    await run(`update ${table} set xid = '${xid}' where old_xid >= '${range.low}' and old_xid <= '${range.high}'`);
  }
  await run(`alter table ${table} drop column old_xid`);
  await run(`alter table ${table} alter column xid set default pg_current_xact_id()`);
  for (const { restore } of removals) await run(restore);
}

/** Those that are switched on. */
async function triggersOf(tx: Session, table: string): Promise<readonly Removal[]> {
  const rows = await tx.query<{ readonly name: string; readonly mode: string }>(
    unprepared(
      `select quote_ident(tgname) as name, case tgenabled when 'A' then 'enable always' when 'R' then 'enable replica' else 'enable' end as mode
       from pg_trigger where tgrelid = '${table}'::regclass and not tgisinternal and tgenabled <> 'D'`,
    ),
  );
  return rows.map(({ name, mode }) => ({
    remove: `alter table ${table} disable trigger ${name}`,
    restore: `alter table ${table} ${mode} trigger ${name}`,
  }));
}

/** Those that hold the transaction id. They go with the old column, which the updates still find their rows by. */
async function indexesOn(tx: Session, table: string): Promise<readonly Removal[]> {
  const rows = await tx.query<{ readonly definition: string }>(
    unprepared(
      `select pg_get_indexdef(i.indexrelid) as definition from pg_index i
       join pg_attribute a on a.attrelid = i.indrelid and a.attname = 'xid' and a.attnum = any (i.indkey)
       where i.indrelid = '${table}'::regclass`,
    ),
  );
  return rows.map(({ definition }) => ({ remove: '', restore: definition }));
}
