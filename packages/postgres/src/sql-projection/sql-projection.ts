import { DefinitionError, eventTypesByName, type AnyEventType, type RecordedOf } from '@leftfold/core';
import { checkProjection } from '@leftfold/subscriptions';
import type {
  FoldEvent,
  ModelTransaction,
  Order,
  OwnProjection,
  OwnTables,
  Projection,
  RecoveryPolicy,
} from '@leftfold/subscriptions';
import type { Transaction } from 'kysely';
import { sqlSteps, type SqlHandler } from './sql-steps.ts';

/**
 * A projection that writes its own SQL: the way out where a fold of rows will not do. `create` runs once per version, in that version's own schema; so does every handler, in
 * the transaction that moves the checkpoint, so an event has its effect exactly once. An immutable value: each verb answers a new one.
 *
 * `db` is Kysely on that transaction. Unqualified names are those of the version's schema, then what the connection finds. It is not to be used when the handler has ended
 * (`LF_SQL_TOO_LATE`), and it neither begins nor ends transactions (`LF_SQL_ENDS_TRANSACTION`). Values are read as of read models: `bigint` for int8, numerics as text, jsonb as JSON;
 * a `date` is a `Date` at midnight UTC. A `Date` is written in UTC, whatever the process's time zone is. Parsers are set for each query: the pool's own, and its other users, are left alone.
 *
 * A handler that throws, and a statement that the database refuses, are faults of its own and go by the projection's recovery policy: by default the event's stream is parked, and
 * all others go on. Since a batch is then run again in parts, handlers have no effect but that on `db`.
 */
export interface SqlProjection<out Name extends string, DB, out E extends AnyEventType = never> extends Projection<
  Name,
  E
> {
  /** For `TablesOf`: types of the tables. There is nothing at run time. */
  readonly table: DB;
  readonly tables: OwnTables & { readonly create: (db: Transaction<DB>) => Promise<void> };
  /** Streams of a batch that are dealt with side by side. */
  readonly concurrency: number;
  /** @internal Called by the loop. */
  readonly takes: OwnProjection['takes'];
  /** @internal Called by the loop. */
  readonly apply: OwnProjection['apply'];
  /**
   * What is done for one event.
   * @throws {@link DefinitionError} `LF_PROJECTION_INVALID`, as {@link batch} does, when the type is handled already
   */
  on<T extends AnyEventType>(
    type: T,
    apply: (event: RecordedOf<T>, db: Transaction<DB>) => Promise<void>,
  ): SqlProjection<Name, DB, E | T>;
  /**
   * What is done for all events of these types in a batch at once, in their order: one `insert … select from unnest(…)` instead of a hundred statements. Each stream's events keep their order also
   * against those of other handlers, so where types alternate within a stream there are several calls in one batch. A call has at least one event, and of one stream maybe several.
   */
  batch<const T extends readonly AnyEventType[]>(
    types: T,
    apply: (events: readonly RecordedOf<T[number]>[], db: Transaction<DB>) => Promise<void>,
  ): SqlProjection<Name, DB, E | T[number]>;
}

/** For {@link sqlProjection}. */
export interface SqlProjectionOptions<DB> {
  /** A new number makes new tables beside the old, and begins anew. 1 to 9999. */
  readonly version: number;
  /** Makes the tables, once per version. What it makes belongs to all projectors; names that begin with `_` are ours. */
  readonly create: (db: Transaction<DB>) => Promise<void>;
  /**
   * `'stream'` (default): what an event writes depends on its own stream alone. `'any'`: rows are fed by several streams, and the handlers' effects commute; say
   * `quantity = quantity + excluded.quantity`, since what is read first may be changed by another owner meanwhile. Either way each stream's events come in their order.
   */
  readonly order?: Order;
  /** Default: park while following, stop in a rebuild. */
  readonly recovery?: RecoveryPolicy;
  /**
   * How many streams of a batch are dealt with side by side, where statements are slow: 1 to 64, default 1. The pool must have as many connections to spare. What is done is noted with it, ahead of the
   * checkpoint, so a crash repeats none of it. More than 1 costs each transaction its own commit: it pays where an event takes milliseconds.
   */
  readonly concurrency?: number;
}

/**
 * Defines a projection with SQL of its own. The types of its tables are taken from the annotated parameter of `create`. The name is kebab-case, at most 48 characters.
 * @throws {@link DefinitionError} `LF_PROJECTION_INVALID` when name, version, order or concurrency is out of bounds
 */
export function sqlProjection<const Name extends string, DB>(
  name: Name,
  options: SqlProjectionOptions<DB>,
): SqlProjection<Name, DB> {
  const { version, order = 'stream', create, concurrency = 1 } = options;
  checkProjection(name, { version, order });
  if (typeof create !== 'function') refuse(name, 'there is no create, which makes its tables');
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 64)
    refuse(name, `its concurrency is a whole number from 1 to 64, not ${concurrency}`);
  const tables: OwnTables = Object.freeze({ projection: name, version, create });
  const made: unknown = withHandlers({ tables, order, concurrency, recovery: options.recovery ?? {} }, []);
  return made as SqlProjection<Name, DB>;
}

/** What all verbs keep. */
type Definition = Pick<OwnProjection, 'tables' | 'order' | 'concurrency' | 'recovery'>;
type Handled = readonly (readonly [type: AnyEventType, handler: SqlHandler])[];

/** The value of a projection with these handlers. The verbs' arguments were typed where they were called. */
function withHandlers(definition: Definition, handled: Handled): object {
  const { projection, version } = definition.tables;
  const handlers = new Map(handled.map(([{ type }, handler]) => [type, handler]));
  const adding = (types: readonly AnyEventType[], takes: SqlHandler['takes'], apply: SqlHandler['apply']): object => {
    if (typeof apply !== 'function')
      refuse(projection, `there is no handler of ${types.map(({ type }) => type).join(', ')}`);
    if (types.length === 0) refuse(projection, 'a batch handler names at least one event type');
    const handler: SqlHandler = Object.freeze({ takes, apply });
    const all = [...handled];
    for (const type of types) {
      if (all.some(([other]) => other.type === type.type))
        refuse(projection, `${type.type} is handled already; one event does one thing`);
      all.push([type, handler]);
    }
    eventTypesByName(all.map(([type]) => type));
    return withHandlers(definition, all);
  };
  return Object.freeze({
    ...definition,
    name: projection,
    version,
    handles: handled.map(([type]) => type),
    takes: handled.every(([, { takes }]) => takes === 'each') ? 'each' : 'all',
    apply: (tx: ModelTransaction, events: readonly FoldEvent[]) => applyTo(definition.tables, handlers, tx, events),
    on: (type: AnyEventType, apply: (event: unknown, db: never) => Promise<void>) =>
      adding([type], 'each', typeof apply === 'function' ? ([event], db) => apply(event, db) : apply),
    batch: (types: readonly AnyEventType[], apply: SqlHandler['apply']) => adding(types, 'all', apply),
  } satisfies Omit<OwnProjection, symbol> & { on: unknown; batch: unknown });
}

async function applyTo(
  tables: OwnTables,
  handlers: ReadonlyMap<string, SqlHandler>,
  tx: ModelTransaction,
  events: readonly FoldEvent[],
): Promise<void> {
  const db = tx.own(tables) as never;
  for (const { handler, events: given } of sqlSteps(handlers, events)) {
    if (handler.takes === 'all') await handler.apply(given, db);
    else for (const event of given) await handler.apply([event], db);
  }
}

function refuse(projection: string, message: string): never {
  throw new DefinitionError('LF_PROJECTION_INVALID', `projection ${projection}: ${message}`);
}
