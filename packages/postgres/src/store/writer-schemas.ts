import { InputInvalid, type Json, type WriterSchema } from '@leftfold/core';
import { arrayParameter } from '../column-types.ts';
import type { Database, Session } from '../database.ts';
import { quoted } from '../schema-name.ts';
import { prepared, type Statement } from '../statement.ts';

/** Lends a connection for some work. */
export type Lend = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

interface SchemaRow {
  readonly id: number;
  readonly type: string;
  readonly version: number;
  readonly fingerprint: string;
  readonly avro: string;
}

/**
 * Numbers the schemas that events are written with, and finds them again. Each is asked for once per process.
 *
 * A new one is written outside the append's transaction, and before it: a cached number is always a committed one. Otherwise a rolled-back append would
 * leave behind a number that stands for nothing, or later for another schema.
 */
export class WriterSchemas {
  readonly #find: Statement;
  readonly #add: Statement;
  readonly #get: Statement;
  readonly #byId = new Map<number, WriterSchema>();
  readonly #ids = new Map<string, number>();
  /** Most events come with the very object their type made. */
  readonly #idOfObject = new WeakMap<WriterSchema, number>();

  constructor(db: Database) {
    const table = `${quoted(db.schema)}.schemas`;
    const columns = 'id, type, version, fingerprint, avro';
    this.#find = prepared(
      'schema_find',
      `select ${columns} from ${table} where type = $1 and version = $2 and fingerprint = $3`,
    );
    this.#add = prepared(
      'schema_add',
      `insert into ${table} (type, version, fingerprint, avro) values ($1, $2, $3, $4) on conflict do nothing`,
    );
    this.#get = prepared('schema_get', `select ${columns} from ${table} where id = any ($1::int[])`);
  }

  /** The schema of a number, if this process knows it. */
  cached(id: number): WriterSchema | undefined {
    return this.#byId.get(id);
  }

  /**
   * The numbers of these schemas.
   * @param look where to look first. @param adding lends a connection that is in no transaction, for a schema that is new to the log.
   */
  async ids(schemas: Iterable<WriterSchema>, look: Session, adding: Lend): Promise<(schema: WriterSchema) => number> {
    for (const schema of schemas) {
      if (this.#known(schema) !== undefined) continue;
      const { type, version, fingerprint, avro } = schema;
      const key = [type, version, fingerprint];
      const [found] = await look.query<SchemaRow>(this.#find, key);
      const row = found ?? (await adding((session) => this.#added(session, [...key, JSON.stringify(avro)])));
      this.#keep(row);
    }
    return (schema) => this.#known(schema) ?? missing(`${schema.type} version ${schema.version}`);
  }

  /**
   * The schemas of these numbers.
   * @throws {@link InputInvalid} `LF_SCHEMA_UNKNOWN` for a number that the log never gave out
   */
  async get(ids: Iterable<number>, session: Session): Promise<(id: number) => WriterSchema> {
    const unknown = [...new Set(ids)].filter((id) => !this.#byId.has(id));
    if (unknown.length > 0) {
      for (const row of await session.query<SchemaRow>(this.#get, [arrayParameter(unknown)])) this.#keep(row);
    }
    for (const id of unknown) this.#one(id);
    return (id) => this.#one(id);
  }

  async #added(session: Session, values: readonly unknown[]): Promise<SchemaRow> {
    await session.query(this.#add, values);
    const [row] = await session.query<SchemaRow>(this.#find, values.slice(0, 3));
    return row ?? missing(`${String(values[0])} version ${String(values[1])}`);
  }
  #known(schema: WriterSchema): number | undefined {
    const id = this.#idOfObject.get(schema) ?? this.#ids.get(keyOf(schema));
    if (id !== undefined) this.#idOfObject.set(schema, id);
    return id;
  }
  #one(id: number): WriterSchema {
    const schema = this.#byId.get(id);
    if (schema === undefined) {
      throw new InputInvalid(
        'LF_SCHEMA_UNKNOWN',
        `this log never gave out the schema id ${id}; it belongs to another log`,
      );
    }
    return schema;
  }
  #keep({ id, type, version, fingerprint, avro }: SchemaRow): void {
    const schema: WriterSchema = { type, version, fingerprint, avro: JSON.parse(avro) as Json };
    this.#byId.set(id, schema);
    this.#ids.set(keyOf(schema), id);
  }
}

function missing(schema: string): never {
  throw new RangeError(`the schema ${schema} was written, and is not there`);
}

const keyOf = ({ type, version, fingerprint }: WriterSchema): string => JSON.stringify([type, version, fingerprint]);
