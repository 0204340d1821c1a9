import { DefinitionError } from '@leftfold/core';
import type { LogIdentity } from '@leftfold/subscriptions';
import type { Database, Session } from '../database.ts';
import { isDatabaseError } from '../driver-fault.ts';
import { allMigrations, SchemaOutdated } from '../migrations/migrations.ts';
import { quoted } from '../schema-name.ts';
import { unprepared } from '../statement.ts';
import { LogOnStandby } from '../storage-errors.ts';

/** Which log this is, asked for once per process, together with what must hold before it is used at all. */
export class KnownIdentity {
  readonly #schema: string;
  #known: LogIdentity | undefined;

  constructor(db: Database) {
    this.#schema = db.schema;
  }

  /**
   * @throws {@link SchemaOutdated} `LF_SCHEMA_OUTDATED` when there is no log · {@link LogOnStandby} `LF_LOG_ON_STANDBY` ·
   *   {@link DefinitionError} `LF_SEQUENCE_CACHE` when somebody gave the sequence of positions a cache.
   */
  async get(session: Session): Promise<LogIdentity> {
    this.#known ??= await this.#ask(session);
    return this.#known;
  }

  async #ask(session: Session): Promise<LogIdentity> {
    const schema = quoted(this.#schema);
    const statement = unprepared(
      `select id, generation, pg_is_in_recovery() as standby,
  (select seqcache from pg_sequence where seqrelid = '${schema}.position'::regclass) as cache
from ${schema}.log`,
    );
    const rows = await session
      .query<{
        readonly id: string;
        readonly generation: number;
        readonly standby: boolean;
        readonly cache: bigint;
      }>(statement)
      .catch((error: unknown) => {
        throw isMissing(error) ? new SchemaOutdated(this.#schema, allMigrations(), { cause: error }) : error;
      });
    const [row] = rows;
    if (row === undefined) throw new SchemaOutdated(this.#schema, allMigrations());
    if (row.standby) throw new LogOnStandby();
    if (row.cache !== 1n) {
      throw new DefinitionError(
        'LF_SEQUENCE_CACHE',
        `the sequence ${schema}.position has CACHE ${row.cache}; with a cache the order of positions is not the order of a stream: ` +
          `alter sequence ${schema}.position cache 1`,
      );
    }
    return { id: row.id, generation: row.generation };
  }
}

/** Undefined table, schema or column. */
const isMissing = (error: unknown): boolean =>
  isDatabaseError(error) && ['42P01', '3F000', '42703'].includes(error.code);
