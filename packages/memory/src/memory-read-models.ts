import { DefinitionError } from '@leftfold/core';
import { RowRaced } from '@leftfold/subscriptions';
import type {
  Claim,
  KeptRow,
  ModelTransaction,
  Move,
  ReadModels,
  Row,
  RowKey,
  RowTable,
} from '@leftfold/subscriptions';
import type { MemoryCheckpoints } from './memory-checkpoints.ts';
import type { TurnTaking } from './turn-taking.ts';

/** The tables of some projections as a query sees them: committed rows, frozen copies. What `Kysely` is for Postgres. */
export interface MemoryRows {
  /** All rows of a tenant, by key. @throws {@link DefinitionError} `LF_ROW_TABLE_MISSING` */
  all(table: string, tenant?: string): readonly Row[];
  /** One row; `undefined` when there is none. @throws {@link DefinitionError} `LF_ROW_TABLE_MISSING` */
  one(table: string, key: string, tenant?: string): Row | undefined;
}

type Rows = Map<string, RowKey & KeptRow>;
const NEVER_SEEN: KeptRow = Object.freeze({ row: null, streamVersion: 0n });

/**
 * Tables in memory. Transactions take turns, so each sees what all before it committed, and none is ever raced: the outcome is the one that
 * Postgres reaches at read committed with its row locks and another run of the batch. What a transaction writes lies over the tables until it
 * commits. Rows are copied in and out and come frozen, so a fold that changes one throws.
 */
export class MemoryReadModels implements ReadModels {
  readonly #tables = new Map<string, { readonly table: RowTable; readonly rows: Rows }>();
  readonly #checkpoints: MemoryCheckpoints;
  readonly #turns: TurnTaking;

  constructor(checkpoints: MemoryCheckpoints, turns: TurnTaking) {
    this.#checkpoints = checkpoints;
    this.#turns = turns;
  }

  async prepare(table: RowTable): Promise<void> {
    const known = this.#tables.get(nameOf(table));
    if (known === undefined) this.#tables.set(nameOf(table), { table, rows: new Map() });
    else if (shapeOf(known.table) !== shapeOf(table)) {
      throw new DefinitionError(
        'LF_ROW_TABLE_CHANGED',
        `${table.name} version ${table.version} has other columns than before; raise the projection's version, which builds a new table beside the old`,
      );
    }
  }

  transaction<T>(claim: Claim, move: Move, work: (tx: ModelTransaction) => Promise<T>): Promise<T> {
    return this.#turns.next(async () => {
      const commitMove = this.#checkpoints.prepare(claim, move);
      const written = new Map<Rows, Rows>();
      const result = await work({
        read: async (table, keys) => {
          const rows = this.#rows(table);
          return keys.map((key) => copyOf(written.get(rows)?.get(keyOf(key)) ?? rows.get(keyOf(key))));
        },
        write: async (table, changes) => {
          const rows = this.#rows(table);
          const writes: Rows = written.get(rows) ?? new Map();
          written.set(rows, writes);
          for (const { existed, ...change } of changes) {
            const at = keyOf(change);
            if (!existed && (writes.get(at) ?? rows.get(at))?.row) throw new RowRaced(table.name);
            // A row of one stream leaves its version behind when it goes, so that an event told twice does not bring it back.
            writes.set(at, { ...change, ...copyOf(change), ...(table.order === 'any' && { streamVersion: 0n }) });
          }
        },
      });
      commitMove();
      for (const [rows, writes] of written) for (const [at, kept] of writes) rows.set(at, kept);
      return result;
    });
  }

  reader(tables: readonly RowTable[]): MemoryRows {
    const rowsOf = (name: string): Rows => this.#rows(tables.find((table) => table.name === name) ?? missing(name));
    return {
      all: (name, tenant = '') =>
        [...rowsOf(name).values()]
          .filter((kept) => kept.tenant === tenant)
          .sort((a, b) => (a.key < b.key ? -1 : 1))
          .flatMap((kept): Row[] => (kept.row === null ? [] : [copyOf(kept).row as Row])),
      one: (name, key, tenant = '') => copyOf(rowsOf(name).get(keyOf({ tenant, key }))).row ?? undefined,
    };
  }

  #rows(table: RowTable): Rows {
    return this.#tables.get(nameOf(table))?.rows ?? missing(`${table.name} of version ${table.version}`);
  }
}

function missing(table: string): never {
  throw new DefinitionError('LF_ROW_TABLE_MISSING', `there is no table ${table} here; follow its projection first`);
}

const copyOf = ({ row, streamVersion }: KeptRow = NEVER_SEEN): KeptRow => ({
  row: row && deepFreeze(structuredClone(row)),
  streamVersion,
});

/** `Date`s and bytes cannot be frozen; each reader has its own. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

const nameOf = ({ name, version }: RowTable): string => JSON.stringify([name, version]);
const keyOf = ({ tenant, key }: RowKey): string => `${tenant}/${key}`;
const shapeOf = ({ columns, key, order }: RowTable): string =>
  JSON.stringify([key, order, Object.entries(columns).map(([column, schema]) => [column, schema.avro])]);
