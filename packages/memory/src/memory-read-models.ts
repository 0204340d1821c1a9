import { DefinitionError } from '@leftfold/core';
import { ReadModelUnbound } from '@leftfold/subscriptions';
import type {
  Claim,
  ModelPart,
  ModelTables,
  ModelTransaction,
  Move,
  OwnTables,
  ReadModels,
  Row,
  RowTable,
} from '@leftfold/subscriptions';
import type { MemoryCheckpoints } from './memory-checkpoints.ts';
import type { MemoryParked } from './memory-parked.ts';
import { copyOf, keyOf, MemoryRowWrites, type Rows } from './memory-row-writes.ts';
import type { MemoryVersions } from './memory-versions.ts';
import type { TurnTaking } from './turn-taking.ts';

/** The tables of some projections as a query sees them: committed rows, frozen copies. What `Kysely` is for Postgres. */
export interface MemoryRows {
  /** All rows of a tenant, by key, of the version that queries read now. @throws {@link DefinitionError} `LF_ROW_TABLE_MISSING` · `LF_READ_MODEL_UNBOUND` */
  all(table: string, tenant?: string): readonly Row[];
  /** One row; `undefined` when there is none. @throws {@link DefinitionError} `LF_ROW_TABLE_MISSING` · `LF_READ_MODEL_UNBOUND` */
  one(table: string, key: string, tenant?: string): Row | undefined;
}

/**
 * Tables in memory. Transactions take turns, so each sees what all before it committed, and none is ever raced: the outcome is the one that
 * Postgres reaches at read committed with its row locks and another run of the batch. What a transaction writes lies over the tables until it
 * commits. Rows are copied in and out and come frozen, so a fold that changes one throws.
 */
export class MemoryReadModels implements ReadModels {
  readonly #tables = new Map<string, { readonly table: RowTable; readonly rows: Rows }>();
  readonly #checkpoints: MemoryCheckpoints;
  readonly #parked: MemoryParked;
  readonly #versions: MemoryVersions;
  readonly #turns: TurnTaking;

  constructor(checkpoints: MemoryCheckpoints, parked: MemoryParked, turns: TurnTaking, versions: MemoryVersions) {
    this.#versions = versions;
    this.#checkpoints = checkpoints;
    this.#parked = parked;
    this.#turns = turns;
  }

  async prepare(tables: ModelTables): Promise<void> {
    const table = rowTableOf(tables);
    const known = this.#tables.get(nameOf(table));
    if (known === undefined) this.#tables.set(nameOf(table), { table, rows: new Map() });
    else if (shapeOf(known.table) !== shapeOf(table)) {
      throw new DefinitionError(
        'LF_ROW_TABLE_CHANGED',
        `${table.name} version ${table.version} has other columns than before; raise the projection's version, which builds a new table beside the old`,
      );
    }
    await this.#versions.register(tables);
  }

  transaction<T>(claim: Claim, move: Move, work: (tx: ModelTransaction) => Promise<T>): Promise<T> {
    return this.#turns.next(() => this.#transaction(claim, move, work));
  }
  transactions(parts: readonly ModelPart[]): Promise<readonly PromiseSettledResult<void>[]> {
    return this.#turns.next(async () => {
      const outcomes: PromiseSettledResult<void>[] = [];
      for (const { claim, move, work } of parts)
        outcomes.push(...(await Promise.allSettled([this.#transaction(claim, move, work)])));
      return outcomes;
    });
  }
  async #transaction<T>(claim: Claim, move: Move, work: (tx: ModelTransaction) => Promise<T>): Promise<T> {
    const commitMove = this.#checkpoints.prepare(claim, move);
    let end = move.to;
    const rows = this.begin();
    const parked = this.#parked.begin(claim);
    const result = await work({
      read: rows.tx.read,
      write: rows.tx.write,
      own: elsewhere,
      parked,
      attempt: async (part) => {
        const undo = [rows.tx.mark(), parked.mark()];
        try {
          return await part();
        } catch (error) {
          for (const takeBack of undo) takeBack();
          throw error;
        }
      },
      endAt: async (place) => void (end = place),
      forgetAhead: async () => {},
    });
    commitMove(end);
    rows.commit();
    parked.commit();
    return result;
  }

  /** Rows as a transaction reads and writes them, whoever it is. Only to be called in a turn, and committed in the same, or not at all. */
  begin(): { readonly tx: MemoryRowWrites; readonly commit: () => void } {
    const tx = new MemoryRowWrites((table) => this.#rows(table));
    return { tx, commit: () => tx.commit() };
  }

  /** Nothing is ever applied ahead: that is for statements of one's own, and those are elsewhere. */
  async appliedAhead(): Promise<readonly []> {
    return [];
  }
  async aside(): Promise<void> {
    elsewhere();
  }

  reader(tables: readonly ModelTables[]): MemoryRows {
    const known = tables.map(rowTableOf);
    const rowsOf = (name: string): Rows => {
      const table = known.find((one) => one.name === name) ?? missing(name);
      if (!this.#versions.knows(table.projection)) missing(`${name} of version ${table.version}`);
      const version = this.#versions.boundNow(table);
      if (version === undefined) throw new ReadModelUnbound(table);
      return this.#rows({ name, version });
    };
    return {
      all: (name, tenant = '') =>
        [...rowsOf(name).values()]
          .filter((kept) => kept.tenant === tenant)
          .sort((a, b) => (a.key < b.key ? -1 : 1))
          .flatMap((kept): Row[] => (kept.row === null ? [] : [copyOf(kept).row as Row])),
      one: (name, key, tenant = '') => copyOf(rowsOf(name).get(keyOf({ tenant, key }))).row ?? undefined,
    };
  }

  #rows(table: Pick<RowTable, 'name' | 'version'>): Rows {
    return this.#tables.get(nameOf(table))?.rows ?? missing(`${table.name} of version ${table.version}`);
  }
}

function missing(table: string): never {
  throw new DefinitionError('LF_ROW_TABLE_MISSING', `there is no table ${table} here; follow its projection first`);
}

function elsewhere(): never {
  throw new DefinitionError(
    'LF_SQL_ELSEWHERE',
    'a projection with statements of its own needs the database that they are written for; memory knows rows that are folded alone',
  );
}
const rowTableOf = (tables: RowTable | OwnTables): RowTable => ('columns' in tables ? tables : elsewhere());

const nameOf = ({ name, version }: Pick<RowTable, 'name' | 'version'>): string => JSON.stringify([name, version]);
const shapeOf = ({ columns, key, order }: RowTable): string =>
  JSON.stringify([key, order, Object.entries(columns).map(([column, schema]) => [column, schema.avro])]);
