import { NOTHING_WRITTEN } from '@leftfold/core';
import type {
  Abort,
  AppendOptions,
  AppendOutcome,
  NewReply,
  ReplyKey,
  StoredEvent,
  StoredReply,
  StreamAppend,
  StreamRef,
  StreamVersion,
  TransactionalEventStore,
  WriterSchema,
} from '@leftfold/core';
import { throwIfAborted } from '../abortable.ts';
import type { Database, Session } from '../database.ts';
import { isDatabaseError } from '../driver-fault.ts';
import type { KnownIdentity } from '../log/log-identity.ts';
import type { Wake } from '../log/wake.ts';
import type { PgTransaction } from '../pool.ts';
import { SerializationFailure } from '../storage-errors.ts';
import {
  appendValues,
  groupValues,
  hashOf,
  headExpectation,
  replyValues,
  statedVersion,
  type AppendContext,
} from './append-values.ts';
import { pooled, within, type Connection } from './connection.ts';
import { REFUSED } from './group-statement.ts';
import { conflictOf } from './heads.ts';
import { PAGE, readPage } from './read-stream.ts';
import { readToken, tokenFrame, type TokenFrame } from './read-token.ts';
import { eventIdReused, repeatedStream, tooManyEvents } from './store-errors.ts';
import type { StoreStatements } from './store-statements.ts';
import { findReply } from './stored-replies.ts';
import type { WriterSchemas } from './writer-schemas.ts';

/** What the store is told about the world around it. */
export interface PostgresEventStoreOptions {
  readonly db: Database;
  readonly identity: KnownIdentity;
  readonly schemas: WriterSchemas;
  readonly statements: StoreStatements;
  readonly wake: Wake;
  /** The topic of a category's public events; `null` keeps them in the log. */
  readonly topic: (category: string) => string | null;
  /** Most events of one append, over all its streams. */
  readonly maxEvents: number;
}

interface Known extends AppendContext {
  readonly frame: TokenFrame;
}
interface Group {
  /** Those with events. */
  readonly written: readonly StreamAppend[];
  readonly all: readonly StreamAppend[];
  readonly reply: NewReply | undefined;
}

/** A reply that is in the way and then not found has expired in between: it goes on like that only where replies are kept for no time to speak of. */
const REPLY_ATTEMPTS = 3;

/**
 * Streams in Postgres. An append to one stream is one statement in one round trip; several streams, or a stored reply, are one statement, too. A
 * conflict costs one more read, which says where the stream stands.
 *
 * {@link within} takes a client on which BEGIN was sent. There a `lock_timeout` of 5 s holds to the end of that transaction, unless one is set already;
 * readers of this process are not woken, since nobody knows when it commits; and a schema that is new to the log is written by a connection of
 * the pool, so that it stays when the transaction does not.
 */
export class PostgresEventStore implements TransactionalEventStore<PgTransaction> {
  readonly #options: PostgresEventStoreOptions;
  readonly #connection: Connection;

  constructor(options: PostgresEventStoreOptions, connection: Connection = pooled(options.db, options.wake)) {
    this.#options = options;
    this.#connection = connection;
  }

  within(tx: PgTransaction): PostgresEventStore {
    return new PostgresEventStore(this.#options, within(tx, this.#options.db));
  }

  async *read(
    stream: StreamRef,
    options: { readonly after?: StreamVersion; readonly signal?: Abort } = {},
  ): AsyncIterable<readonly StoredEvent[]> {
    const { schemas, statements } = this.#options;
    let after = options.after === undefined || options.after < 0n ? (0n as StreamVersion) : options.after;
    for (;;) {
      const page = await this.#connection.use(
        (session) => readPage(session, statements.read, schemas, stream, after),
        options.signal,
      );
      if (page.length > 0) yield page;
      if (page.length < PAGE) return;
      after = page.at(-1)?.streamVersion ?? after;
    }
  }

  async append(appends: readonly StreamAppend[], options: AppendOptions = {}): Promise<AppendOutcome> {
    throwIfAborted(options.signal);
    const written = appends.filter(({ events }) => events.length > 0);
    this.#refuseInput(written);
    if (written.length === 0 && options.reply === undefined) {
      return { kind: 'appended', versions: appends.map(({ expect }) => statedVersion(expect)), token: NOTHING_WRITTEN };
    }
    return this.#connection.use(async (session) => {
      const known = await this.#prepare(session, written);
      const [only] = written;
      const outcome =
        only !== undefined && written.length === 1 && options.reply === undefined
          ? await this.#appendOne(session, known, only)
          : await this.#appendGroup(session, known, { written, all: appends, reply: options.reply });
      if (outcome.kind !== 'appended') return outcome;
      this.#connection.appended();
      return { ...outcome, versions: versionsOf(appends, written, outcome.versions) };
    }, options.signal);
  }

  async reply(key: ReplyKey, options: { readonly signal?: Abort } = {}): Promise<StoredReply | undefined> {
    const { statements } = this.#options;
    return this.#connection.use((session) => findReply(session, statements.reply, key), options.signal);
  }

  async schema(id: number): Promise<WriterSchema> {
    const { schemas } = this.#options;
    return schemas.cached(id) ?? this.#connection.use(async (session) => (await schemas.get([id], session))(id));
  }

  #refuseInput(written: readonly StreamAppend[]): void {
    const events = written.reduce((sum, append) => sum + append.events.length, 0);
    if (events > this.#options.maxEvents) throw tooManyEvents(events, this.#options.maxEvents);
    const seen = new Set<string>();
    for (const { stream } of written) {
      const key = `${stream.tenant}/${stream.id}`;
      if (seen.has(key)) throw repeatedStream(stream);
      seen.add(key);
    }
  }

  /** What has to be known before the append is sent; asked for by the first ones of a process only. */
  async #prepare(session: Session, written: readonly StreamAppend[]): Promise<Known> {
    const { identity, schemas, topic } = this.#options;
    const { id } = await identity.get(session);
    const used = new Set(written.flatMap(({ events }) => events.map(({ schema }) => schema)));
    const schemaId = await schemas.ids(used, session, this.#connection.outside(session));
    const places = written.flatMap((append) => {
      const to = append.events.some((event) => !event.private) ? topic(append.stream.category) : null;
      return to === null ? [] : [{ topic: to, hash: hashOf(append) }];
    });
    return { schemaId, topic, frame: tokenFrame(id, places) };
  }

  async #appendOne(session: Session, known: Known, append: StreamAppend): Promise<AppendOutcome> {
    const { statements } = this.#options;
    const [row] = await session
      .query<{ readonly version: bigint; readonly xid: string }>(
        statements.append[headExpectation(append.expect)],
        appendValues(append, known),
      )
      .catch(rethrowTyped);
    if (row === undefined) return conflictOf(session, statements.heads, [append]);
    return { kind: 'appended', versions: [row.version as StreamVersion], token: readToken(known.frame, row.xid) };
  }

  async #appendGroup(session: Session, known: Known, { written, all, reply }: Group): Promise<AppendOutcome> {
    const { statements } = this.#options;
    const statement = reply === undefined ? statements.group : statements.groupWithReply;
    const values = [
      ...groupValues(written, known),
      ...(reply === undefined ? [] : replyValues(reply, known.frame, all)),
    ];
    for (let attempt = 1; ; attempt++) {
      try {
        const [row] = await this.#connection.attempt(session, () =>
          session.query<{ readonly versions: readonly StreamVersion[]; readonly xid: string }>(statement, values),
        );
        return { kind: 'appended', versions: row?.versions ?? [], token: readToken(known.frame, row?.xid ?? '') };
      } catch (error) {
        const refused = refusedBy(error);
        if (refused === undefined) return rethrowTyped(error);
        // Whatever was in the way: a key that was answered before is what the caller must hear of.
        const stored = reply && (await findReply(session, statements.reply, reply));
        if (stored !== undefined) return { kind: 'replied', ...stored };
        if (refused.what === 'streams') return conflictOf(session, statements.heads, written, refused.which - 1);
        if (attempt === REPLY_ATTEMPTS) throw new SerializationFailure(error);
      }
    }
  }
}

/** The versions of all appends, in their order, from those of the ones with events. */
function versionsOf(
  all: readonly StreamAppend[],
  written: readonly StreamAppend[],
  versions: readonly StreamVersion[],
): readonly StreamVersion[] {
  return all.map((append) => versions[written.indexOf(append)] ?? statedVersion(append.expect));
}

function refusedBy(error: unknown): { readonly what: string; readonly which: number } | undefined {
  if (!isDatabaseError(error) || error.code !== REFUSED) return undefined;
  return { what: error.table ?? '', which: Number(error.column) };
}

function rethrowTyped(error: unknown): never {
  if (isDatabaseError(error) && error.code === '23505' && error.constraint === 'events_event_id') {
    throw eventIdReused(error);
  }
  throw error;
}
