import type { LogIdentity } from '@leftfold/subscriptions';
import type { Session } from '../database.ts';
import { quoted } from '../schema-name.ts';
import { unhurried, unprepared } from '../statement.ts';
import type { Lend } from '../store/writer-schemas.ts';
import { askState, refuseMisplaced, type LogState } from './identity-check.ts';
import { GenerationMoved } from './identity-errors.ts';

/**
 * Which log this is, as far as this process knows, and that each connection leads to it. Asked for once on every connection that the pool makes, since after a
 * fail-over, or behind one name for several servers, a new one may lead elsewhere; and again whenever a reader's poll finds that something has changed.
 *
 * A fail-over that all saved places and events survived is gone on with by itself, once, by whoever notices first (hazard L16).
 */
export class KnownIdentity {
  readonly #schema: string;
  readonly #admitted = new WeakSet<object>();
  readonly #onRaised: (() => void)[] = [];
  #known: LogIdentity | undefined;

  /** @param schema name of the Postgres schema, unquoted. */
  constructor(schema: string) {
    this.#schema = schema;
  }

  /** Calls back when the log turns out to be in a later generation: what else is known of it may be lost. */
  onRaised(callback: () => void): void {
    this.#onRaised.push(callback);
  }

  /** The latest that any connection of this process has shown; 0 before the first. */
  get generation(): number {
    return this.#known?.generation ?? 0;
  }

  /**
   * Passes a connection of the pool's, in no transaction.
   * @throws `LF_SCHEMA_OUTDATED` · `LF_LOG_ON_STANDBY` · `LF_SEQUENCE_CACHE` · `LF_COMMITS_NOT_DURABLE` · `LF_LOG_RESTORED` · `LF_LOG_BEHIND_ITS_CURSORS`
   */
  async admit(session: Session): Promise<void> {
    if (session.connection !== undefined && this.#admitted.has(session.connection)) return;
    await this.ask(session);
  }

  /**
   * The log's identity, without a question where this connection was asked before.
   * @param outside lends a connection in no transaction, when `session` is inside one of the caller's: what goes on by itself must stay when that does not.
   * @throws as {@link admit}
   */
  async get(session: Session, outside?: Lend): Promise<LogIdentity> {
    const known = this.knownOn(session);
    if (known !== undefined) return known;
    if (outside === undefined) return this.ask(session);
    const state = await askState(session, this.#schema, { inCallersTransaction: true });
    refuseMisplaced(this.#schema, state);
    if (state.place !== 'same') return outside((lent) => this.ask(lent));
    return this.#keep(session, state);
  }

  /** What {@link get} answers without a question, at once; `undefined` where it would ask. */
  knownOn({ connection }: Session): LogIdentity | undefined {
    return connection !== undefined && this.#admitted.has(connection) ? this.#known : undefined;
  }

  /** The log's identity, fresh from the server, on a connection in no transaction. @throws as {@link admit} */
  async ask(session: Session): Promise<LogIdentity> {
    const state = await this.#stateOf(session);
    if (state.place === 'same') return this.#keep(session, state);
    // At READ COMMITTED whatever the pool's default is: who waits for the first one must see what that one did.
    const accept = `begin isolation level read committed; select ${quoted(this.#schema)}.accept_timeline(); commit`;
    await session.query(unhurried(accept)).catch(async (error: unknown) => {
      // Else the connection would stay in what failed, and take nothing more (hazard P1).
      await session.query(unprepared('rollback')).catch(() => undefined);
      throw error;
    });
    const after = await this.#stateOf(session);
    if (after.place !== 'same') throw new GenerationMoved(after.generation);
    return this.#keep(session, after);
  }

  async #stateOf(session: Session): Promise<LogState> {
    const state = await askState(session, this.#schema, { inCallersTransaction: false });
    refuseMisplaced(this.#schema, state);
    return state;
  }

  #keep({ connection }: Session, { id, generation }: LogState): LogIdentity {
    if (connection !== undefined) this.#admitted.add(connection);
    // An answer that was long under way must not bring back a generation that was left meanwhile.
    if (this.#known?.id !== id || this.#known.generation < generation) {
      this.#known = { id, generation };
      for (const callback of this.#onRaised) callback();
    }
    return this.#known;
  }
}
