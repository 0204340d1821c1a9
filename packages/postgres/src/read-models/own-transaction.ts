import { DefinitionError } from '@leftfold/core';
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  Transaction,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type QueryResult,
} from 'kysely';
import type { PgQuery, PgResult, PgTypes } from '../pool.ts';
import { ownTypes, ownValue } from './own-values.ts';

const dialect: Dialect = {
  createAdapter: () => new PostgresAdapter(),
  createDriver: () => new DummyDriver(),
  createIntrospector: (db) => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
};
/** Makes texts of queries; it never has a connection. */
const compiler = new Kysely<unknown>({ dialect });

/** The transaction that statements of a projection's own run in. */
export interface OwnSession {
  readonly driver: Partial<PgTypes>;
  /** Sends one statement, when the one before is done, with unqualified names looked up where they should be. */
  run(query: PgQuery): Promise<PgResult>;
}

/** A Kysely transaction on a connection of ours, who begins and ends it. */
export class OwnTransaction {
  readonly db: Transaction<unknown>;
  readonly #connection: OwnConnection;

  /** @param texts `'one'`: a text is one statement; `'several'`: without parameters it may be several, as a script that makes tables is */
  constructor(session: OwnSession, texts: 'one' | 'several' = 'one') {
    const connection = new OwnConnection(session, texts);
    this.#connection = connection;
    const provider = {
      provideConnection: <T>(consumer: (connection: DatabaseConnection) => Promise<T>): Promise<T> =>
        consumer(connection),
    };
    const executor = compiler.getExecutor().withConnectionProvider(provider);
    this.db = new Transaction({ config: { dialect }, driver: new DummyDriver(), dialect, executor });
  }

  /** Waits for statements that nobody has waited for: they belong to this work, and so does their failure. */
  settle(): Promise<void> {
    return this.#connection.settle();
  }
  /** From now on its statements are refused: they would run in whatever the connection does next. */
  close(): void {
    this.#connection.close();
  }
}

/** What would end the transaction, and with it the tie between the effect and the checkpoint (hazard C4). */
const ENDS =
  /^(?:[\s;]|--[^\n\r]*[\n\r]|\/\*[\s\S]*?\*\/)*(?:begin|start\s+transaction|commit|end|abort|rollback(?!\s+(?:work\s+|transaction\s+)?to\b)|prepare\s+transaction)\b/i;

class OwnConnection implements DatabaseConnection {
  readonly #session: OwnSession;
  readonly #types: PgTypes;
  /** The protocol's extended form takes one statement: another one behind it could be a COMMIT. */
  readonly #mode: Pick<PgQuery, 'queryMode'>;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(session: OwnSession, texts: 'one' | 'several') {
    this.#session = session;
    this.#mode = texts === 'one' ? { queryMode: 'extended' } : {};
    this.#types = ownTypes(session.driver);
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#isClosed) {
      throw new DefinitionError(
        'LF_SQL_TOO_LATE',
        'a statement came when its handler had ended already, and was not sent; await each statement in the handler',
      );
    }
    if (ENDS.test(sql)) {
      throw new DefinitionError(
        'LF_SQL_ENDS_TRANSACTION',
        'a handler must not begin or end transactions: what it writes is committed together with the checkpoint; use a savepoint for what may fail',
      );
    }
    const values = parameters.map(ownValue);
    const query = { text: sql, ...(values.length > 0 && { values }), types: this.#types, ...this.#mode };
    const answer = this.#last.then(() => this.#session.run(query));
    this.#last = answer.catch(() => undefined);
    const { rows = [], rowCount, command } = (await answer) as Partial<PgResult> & { readonly command?: string };
    return {
      rows: rows as R[],
      ...(rowCount != null && isWrite(command) && { numAffectedRows: BigInt(rowCount) }),
    };
  }

  /** All rows at once: what a handler reads is small, or it is no handler. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }

  async settle(): Promise<void> {
    for (let last; last !== this.#last;) {
      last = this.#last;
      await last;
    }
  }
  close(): void {
    this.#isClosed = true;
  }
}

const isWrite = (command: string | undefined): boolean =>
  command === 'INSERT' || command === 'UPDATE' || command === 'DELETE' || command === 'MERGE';
