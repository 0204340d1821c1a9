import { InputInvalid, type Json, type StreamAppend, type WriterSchema } from '@leftfold/core';
import { arrayParameter } from '../column-types.ts';
import type { Database, Session } from '../database.ts';
import { quoted } from '../schema-name.ts';
import { prepared, type Statement } from '../statement.ts';

/** Lends a connection for some work. */
export type Lend = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

/** As it comes from any driver: every column is text. */
interface SchemaRow {
  readonly id: string;
  readonly type: string;
  readonly version: string;
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
  #cache = new SchemaCache();

  constructor(db: Database) {
    const table = `${quoted(db.schema)}.schemas`;
    const columns = 'id::text, type, version::text, fingerprint, avro::text';
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

  /** Numbers that were given out may be lost with the log's end, and some day stand for others (hazard L16). What is under way goes on with what it knows. */
  forget(): void {
    this.#cache = new SchemaCache();
  }

  /**
   * The numbers of these schemas.
   * @param look where to look first. @param adding lends a connection that is in no transaction, for a schema that is new to the log.
   */
  async ids(schemas: Iterable<WriterSchema>, look: Session, adding: Lend): Promise<(schema: WriterSchema) => number> {
    const cache = this.#cache;
    for (const schema of schemas) {
      if (cache.idOf(schema) !== undefined) continue;
      const { type, version, fingerprint, avro } = schema;
      const key = [type, version, fingerprint];
      const [found] = await look.query<SchemaRow>(this.#find, key);
      const row = found ?? (await adding((session) => this.#added(session, [...key, JSON.stringify(avro)])));
      cache.keep(row);
    }
    return cache.idOrFail;
  }

  /** What {@link ids} answers when this process has asked for all of them before; else `undefined`. */
  known(written: readonly StreamAppend[]): ((schema: WriterSchema) => number) | undefined {
    const cache = this.#cache;
    for (const { events } of written) {
      for (const { schema } of events) if (cache.idOf(schema) === undefined) return undefined;
    }
    return cache.idOrFail;
  }

  /**
   * The schemas of these numbers.
   * @throws {@link InputInvalid} `LF_SCHEMA_UNKNOWN` for a number that the log never gave out
   */
  async get(ids: Iterable<number>, session: Session): Promise<(id: number) => WriterSchema> {
    const cache = this.#cache;
    const unknown = [...new Set(ids)].filter((id) => !cache.byId.has(id));
    if (unknown.length > 0) {
      for (const row of await session.query<SchemaRow>(this.#get, [arrayParameter(unknown)])) cache.keep(row);
    }
    for (const id of unknown) cache.one(id);
    return (id) => cache.one(id);
  }

  async #added(session: Session, values: readonly unknown[]): Promise<SchemaRow> {
    await session.query(this.#add, values);
    const [row] = await session.query<SchemaRow>(this.#find, values.slice(0, 3));
    return row ?? missing(`${String(values[0])} version ${String(values[1])}`);
  }
}

/** What a process knows of the table. */
class SchemaCache {
  readonly byId = new Map<number, WriterSchema>();
  readonly #ids = new Map<string, number>();
  /** Most events come with the very object their type made. */
  readonly #idOfObject = new WeakMap<WriterSchema, number>();

  readonly idOrFail = (schema: WriterSchema): number =>
    this.idOf(schema) ?? missing(`${schema.type} version ${schema.version}`);

  idOf(schema: WriterSchema): number | undefined {
    const id = this.#idOfObject.get(schema) ?? this.#ids.get(keyOf(schema));
    if (id !== undefined) this.#idOfObject.set(schema, id);
    return id;
  }
  one(id: number): WriterSchema {
    const schema = this.byId.get(id);
    if (schema === undefined) {
      throw new InputInvalid(
        'LF_SCHEMA_UNKNOWN',
        `this log never gave out the schema id ${id}; it belongs to another log`,
      );
    }
    return schema;
  }
  keep({ id, type, version, fingerprint, avro }: SchemaRow): void {
    const schema: WriterSchema = { type, version: Number(version), fingerprint, avro: JSON.parse(avro) as Json };
    this.byId.set(Number(id), schema);
    this.#ids.set(keyOf(schema), Number(id));
  }
}

function missing(schema: string): never {
  throw new RangeError(`the schema ${schema} was written, and is not there`);
}

const keyOf = ({ type, version, fingerprint }: WriterSchema): string => JSON.stringify([type, version, fingerprint]);
