import { readRange } from '@leftfold/core';
import type { StreamAppend } from '@leftfold/core';
import { InlineProjections, RowRaced } from '@leftfold/subscriptions';
import type { AnyProjection, InlineTransaction, RowTable, Storage, StreamHistory } from '@leftfold/subscriptions';
import type { Database, Session } from '../database.ts';
import { modelTable } from '../read-models/model-table.ts';
import { readRows } from '../read-models/read-rows.ts';
import { writeRows } from '../read-models/write-rows.ts';
import { prepared } from '../statement.ts';
import { SerializationFailure } from '../storage-errors.ts';
import { readPages } from '../store/read-stream.ts';
import type { StoreStatements } from '../store/store-statements.ts';
import type { WriterSchemas } from '../store/writer-schemas.ts';
import { holdsEvents } from './holds-events.ts';
import { placedEvents, type Placed } from './placed-events.ts';

/** What projections inside appends need of their log. */
export interface PostgresInlineOptions extends Pick<Storage, 'checkpoints' | 'readModels' | 'versions'> {
  readonly db: Database;
  readonly schemas: WriterSchemas;
  readonly statements: Pick<StoreStatements, 'read'>;
  readonly topic: (category: string) => string | null;
}

/**
 * The projections that appends apply, in the transaction of the append: BEGIN, the append, one read and one write for each that is concerned, COMMIT. A stream's missed events are one
 * more read.
 *
 * Locks are taken in one order by everybody: the heads of streams, then reply and unique keys, then rows, by projection and key. So appends do not deadlock among themselves, nor with followers,
 * who take rows only, in the same order.
 */
export class PostgresInline {
  readonly projections: InlineProjections;
  readonly #options: PostgresInlineOptions;
  readonly #access = new WeakMap<RowTable, Access>();

  constructor(projections: readonly AnyProjection[], options: PostgresInlineOptions) {
    this.#options = options;
    const { db, checkpoints, readModels, versions } = options;
    this.projections = new InlineProjections(projections, {
      checkpoints,
      readModels,
      versions,
      holds: (types) => holdsEvents(db, types),
    });
  }

  /** Whether an append is to be made with projections. */
  concerns(written: readonly StreamAppend[]): boolean {
    return this.projections.concerns(written);
  }

  /**
   * Applies what the append has just written, on the session on which it did.
   * @param places of its events, as its statement answered them. @param placed in whose transaction.
   * @throws {@link SerializationFailure} where a row that was believed absent is there by now: all of it is to be run again
   */
  async apply(session: Session, written: readonly StreamAppend[], places: string, placed: Placed): Promise<void> {
    const { topic } = this.#options;
    try {
      await this.projections.apply(
        this.#on(session, placed),
        placedEvents(written, places, topic),
        this.#history(session),
      );
    } catch (error) {
      throw error instanceof RowRaced ? new SerializationFailure(error) : error;
    }
  }

  #on(session: Session, placed: Placed): InlineTransaction {
    return {
      read: (table, keys, { lock }) => this.#of(table)[placed].read(session, keys, lock),
      write: (table, changes) => this.#of(table)[placed].write(session, changes),
    };
  }

  #history(session: Session): StreamHistory {
    const { statements, schemas } = this.#options;
    return ({ tenant, stream, category, key }, range) =>
      readPages(
        {
          use: (work) => work(session),
          ahead: false,
          statements: statements.read,
          schemas,
          stream: { tenant, id: stream, category, key },
        },
        readRange(range),
      );
  }

  #of(table: RowTable): Access {
    let access = this.#access.get(table);
    if (access === undefined) {
      const model = modelTable(this.#options.db.schema, table);
      access = {
        ours: { read: readRows(model, prepared), write: writeRows(model, prepared) },
        theirs: { read: readRows(model), write: writeRows(model) },
      };
      this.#access.set(table, access);
    }
    return access;
  }
}

/** What is made of a table, once. */
type Access = {
  readonly [placed in Placed]: {
    readonly read: ReturnType<typeof readRows>;
    readonly write: ReturnType<typeof writeRows>;
  };
};
