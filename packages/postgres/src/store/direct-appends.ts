import { OutcomeUnknown, statedVersion } from '@leftfold/core';
import type { AppendOutcome, StreamAppend, StreamVersion } from '@leftfold/core';
import { readToken, RowRaced } from '@leftfold/subscriptions';
import type { Session } from '../database.ts';
import type { Placed } from '../inline/placed-events.ts';
import type { PostgresInline } from '../inline/postgres-inline.ts';
import { SerializationFailure } from '../storage-errors.ts';
import type { AppendCall, Appends } from './appends.ts';
import { appendValues, groupValues, headExpectation, keyValues, replyValues } from './append-values.ts';
import type { Connection } from './connection.ts';
import { prepareAppend, type AppendPreparation, type PreparedAppend } from './prepare-append.ts';
import { outcomeOfRefused, outcomeOfSame, refusalOf, type Refusal } from './refused-append.ts';
import { canResend, resend } from './resend.ts';
import { lookInto } from './standing.ts';
import type { StoreStatements } from './store-statements.ts';
import { versionsIn } from './stored-replies.ts';

/** What appends are prepared with, and sent by. */
export interface DirectAppendsOptions extends AppendPreparation {
  readonly statements: StoreStatements;
  /** What is applied with appends, if anything. */
  readonly inline?: PostgresInline;
}

/** Lost against concurrent transactions so often, it is told. At READ COMMITTED the second attempt is the last; above it every meeting on a stream costs one. */
const ATTEMPTS = 10;
/** The longest before the second attempt, then twice as long each time, up to the most. */
const PAUSE_MS = { first: 5, most: 250 };

/**
 * One call, one session, one statement; one read more when it is refused, which says why.
 *
 * Where the transaction is ours, an append that lost against another one (a serialization failure, a deadlock) is sent again, and one whose connection was
 * lost is {@link resolve}d.
 */
export class DirectAppends implements Appends {
  readonly #options: DirectAppendsOptions;
  readonly #connection: Connection;

  constructor(options: DirectAppendsOptions, connection: Connection) {
    this.#options = options;
    this.#connection = connection;
  }

  async append(call: AppendCall): Promise<AppendOutcome> {
    const { isOurs } = this.#connection;
    await this.#options.inline?.projections.ready(call.written);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#connection.use((session) => this.#once(session, call), call.signal);
      } catch (error) {
        if (error instanceof OutcomeUnknown && isOurs) return this.resolve(call, error);
        const isLost = error instanceof SerializationFailure && (isOurs || mayPass(error.cause));
        if (!isLost || attempt === ATTEMPTS) throw error;
      }
      await jitter(Math.min(PAUSE_MS.first * 2 ** (attempt - 1), PAUSE_MS.most));
    }
  }

  /**
   * What became of an append whose connection was lost after it was sent: it is sent once more, and its event ids tell (decision 0012).
   * @param lost thrown when that cannot be known.
   */
  async resolve(call: AppendCall, lost: OutcomeUnknown): Promise<AppendOutcome> {
    if (!canResend(call)) throw lost;
    return resend(call, lost, () => this.#connection.use((session) => this.#again(session, call)));
  }

  /** What has to be known before an append is sent. @param written of one call, or of several that share a statement. */
  prepare(session: Session, written: readonly StreamAppend[]): PreparedAppend | Promise<PreparedAppend> {
    return prepareAppend(this.#options, this.#connection, session, written);
  }

  /** @throws {@link SerializationFailure} also when what refused the append is no longer there */
  async #once(session: Session, call: AppendCall): Promise<AppendOutcome> {
    const prepared = await this.prepare(session, call.written);
    const sent = await this.#send(session, prepared, call);
    if ('kind' in sent) return this.#appended(call, sent);
    const standing = await lookInto(session, this.#options.statements.standing, call);
    const outcome = outcomeOfRefused(call, prepared, standing, sent);
    if (outcome === undefined) throw new SerializationFailure(new RefusalPassed(sent.what));
    return this.#appended(call, outcome);
  }

  /** As {@link #once}, for a call that may have been carried out: what was answered before may be the answer to this very call. */
  async #again(session: Session, call: AppendCall): Promise<AppendOutcome> {
    const outcome = await this.#once(session, call);
    if (outcome.kind !== 'replied' || call.written.length === 0) return outcome;
    const prepared = await this.prepare(session, call.written);
    const standing = await lookInto(session, this.#options.statements.standing, call);
    const same = outcomeOfSame(call, prepared, standing);
    return same === undefined ? outcome : this.#appended(call, same);
  }

  #appended(call: AppendCall, outcome: AppendOutcome): AppendOutcome {
    if (outcome.kind !== 'appended') return outcome;
    this.#connection.appended();
    return { ...outcome, versions: versionsOf(call, outcome.versions) };
  }

  async #send(session: Session, prepared: PreparedAppend, call: AppendCall): Promise<AppendOutcome | Refusal> {
    const { inline } = this.#options;
    try {
      if (inline?.concerns(call.written) !== true) {
        return await this.#connection.attempt(session, async () => (await this.#write(session, prepared, call)).met);
      }
      const placed = this.#connection.isOurs ? 'ours' : 'theirs';
      return await this.#connection.together(session, async (tx) => {
        const { met, places } = await this.#write(tx, prepared, call, placed);
        if (places !== undefined) await inline.apply(tx, call.written, places, placed);
        return met;
      });
    } catch (error) {
      return refusalOf(error);
    }
  }

  #write(session: Session, prepared: PreparedAppend, call: AppendCall, placed?: Placed): Promise<Written> {
    const [only] = call.written;
    const isPlain =
      only !== undefined && call.written.length === 1 && call.reply === undefined && call.keys.length === 0;
    return isPlain
      ? this.#writeOne(session, prepared, only, placed)
      : this.#writeGroup(session, prepared, call, placed);
  }

  async #writeOne(
    session: Session,
    prepared: PreparedAppend,
    append: StreamAppend,
    placed: Placed | undefined,
  ): Promise<Written> {
    const { statements } = this.#options;
    const statement = (placed ? statements.appendPlaced[placed] : statements.append)[headExpectation(append.expect)];
    const [row] = await session.query<{ readonly version: string; readonly xid: string; readonly places?: string }>(
      statement,
      appendValues(append, prepared),
    );
    if (row === undefined) return { met: { what: 'streams' } };
    const versions = [BigInt(row.version) as StreamVersion];
    const token = readToken(prepared.frame, row.xid);
    return { met: { kind: 'appended', versions, token, already: false }, places: row.places };
  }

  async #writeGroup(
    session: Session,
    prepared: PreparedAppend,
    call: AppendCall,
    placed: Placed | undefined,
  ): Promise<Written> {
    const { written, all, reply, keys } = call;
    const statement = this.#options.statements.group({ reply: reply !== undefined, keys: keys.length > 0, placed });
    const [row] = await session.query<{ readonly versions: string; readonly xid: string; readonly places?: string }>(
      statement,
      [
        ...groupValues(written, prepared),
        ...(reply === undefined ? [] : replyValues(reply, prepared.frame, all)),
        ...(keys.length === 0 ? [] : keyValues(keys)),
      ],
    );
    if (row === undefined) throw new RangeError('the statement of a group answers with one row');
    const token = readToken(prepared.frame, row.xid);
    return {
      met: { kind: 'appended', versions: versionsIn(row.versions), token, already: false },
      places: row.places,
    };
  }
}

/** What a sending met, and where the events stand, where that was asked. */
interface Written {
  readonly met: AppendOutcome | Refusal;
  readonly places?: string | undefined;
}

/** Whether what was in the way may be gone at once, in a transaction of the caller's, too. */
const mayPass = (cause: unknown): boolean => cause instanceof RefusalPassed || cause instanceof RowRaced;

/** The versions of all appends of a call, in their order, from those of the ones with events. */
function versionsOf({ all, written }: AppendCall, versions: readonly StreamVersion[]): readonly StreamVersion[] {
  return all.map((append) => versions[written.indexOf(append)] ?? statedVersion(append.expect));
}

/** What was in the way is so no more, as a reply that has expired in between. Sent again, the append may pass, in a transaction of the caller's, too. */
class RefusalPassed extends Error {
  constructor(what: Refusal['what']) {
    super(`an append was refused by ${what} that have changed since`);
  }
}

/** Waits for a time drawn at random, so that those who met do not meet again. */
const jitter = (upToMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.random() * upToMs));
