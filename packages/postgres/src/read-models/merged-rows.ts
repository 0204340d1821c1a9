import type { FollowerId, KeptRow, RowKey, RowTable } from '@leftfold/subscriptions';
import type { Session } from '../database.ts';
import { prepared } from '../statement.ts';
import type { Answer, Ask, AskTogether } from './merged-work.ts';
import type { ModelTable } from './model-table.ts';
import { planned, readTables, type ReadTables } from './read-rows.ts';
import { writeTables, type WriteTables } from './write-rows.ts';

/**
 * Statements of so many sets of tables are prepared, since a server keeps what is prepared as long as the connection stands. A process has one set for all followers that it runs, and
 * others while some of them are behind; those that come later are planned each time.
 */
const MOST_SETS = 64;

/** Two followers of one transaction ask for rows of one table: each must see what the other wrote, so they go one after the other. Never leaves this package. */
class TableShared extends Error {}

interface TableSet {
  readonly read: ReadTables;
  readonly write: WriteTables;
}

/**
 * One statement for rows of several followers' tables. It names the tables of all followers that share the transaction, also those that a batch does not touch: so a process has
 * one statement of each kind, however its traffic mixes, and it stays prepared.
 */
export class MergedRows {
  readonly #modelOf: (table: RowTable) => ModelTable;
  /** The tables of a follower, as they were made known, or asked for first. */
  readonly #tablesOf = new Map<string, readonly RowTable[]>();
  readonly #sets = new Map<string, TableSet>();

  constructor(modelOf: (table: RowTable) => ModelTable) {
    this.#modelOf = modelOf;
  }

  /**
   * Asks for rows in a transaction that these followers share, each a piece. Their order is the one in which tables are locked.
   * @throws {@link TableShared} where two of them ask for rows of one table
   */
  together(session: Session, followers: readonly FollowerId[]): AskTogether {
    const names = followers.map(({ name, version }) => `${name}/${version}`);
    return async (asks) => {
      for (const { piece, table } of asks) this.#know(names[piece] as string, table);
      const tables = names.flatMap((name) => this.#tablesOf.get(name) ?? []);
      if (new Set(tables).size < tables.length) throw new TableShared();
      const set = this.#set(tables);
      /** Of each table the asks that are for it, by their index. */
      const ofTable = tables.map((table) => [...asks.keys()].filter((nth) => asks[nth]?.table === table));
      const rowsOf = await this.#read(session, set, asks, ofTable);
      const racedOf = await this.#write(session, set, asks, ofTable);
      return asks.map((_, nth): Answer => {
        const error = racedOf.get(nth);
        return error === undefined ? { rows: rowsOf.get(nth) ?? [] } : { error };
      });
    };
  }

  /** This table will be asked for by its projection: known before, it needs no further set when the first event comes for it. */
  know(table: RowTable): void {
    this.#know(`${table.projection}/${table.version}`, table);
  }
  #know(name: string, table: RowTable): void {
    const known = this.#tablesOf.get(name) ?? [];
    if (!known.includes(table)) this.#tablesOf.set(name, [...known, table]);
  }

  async #read(session: Session, { read }: TableSet, asks: readonly Ask[], ofTable: readonly (readonly number[])[]) {
    const keysOf = (nth: number) => keysAsked(asks[nth]);
    const kept = await read(
      session,
      ofTable.map((those) => those.flatMap(keysOf)),
      true,
    );
    const rows = new Map<number, readonly KeptRow[]>();
    for (const [part, those] of ofTable.entries()) {
      let from = 0;
      for (const nth of those) rows.set(nth, kept[part]?.slice(from, (from += keysOf(nth).length)) ?? []);
    }
    return rows;
  }

  async #write(session: Session, { write }: TableSet, asks: readonly Ask[], ofTable: readonly (readonly number[])[]) {
    const changes = ofTable.map((those) =>
      those.flatMap((nth) => {
        const ask = asks[nth] as Ask;
        return 'changes' in ask ? ask.changes : [];
      }),
    );
    const raced = await write(session, changes);
    const errors = new Map<number, unknown>();
    for (const [part, error] of raced) for (const nth of ofTable[part] ?? []) errors.set(nth, error);
    return errors;
  }

  #set(tables: readonly RowTable[]): TableSet {
    const models = tables.map((table) => this.#modelOf(table));
    const key = models.map(({ table }) => table).join(' ');
    let set = this.#sets.get(key);
    if (set === undefined) {
      const make = this.#sets.size < MOST_SETS ? prepared : planned;
      set = { read: readTables(models, make), write: writeTables(models, make) };
      if (make === prepared) this.#sets.set(key, set);
    }
    return set;
  }
}

const keysAsked = (ask: Ask | undefined): readonly RowKey[] => (ask !== undefined && 'keys' in ask ? ask.keys : []);
