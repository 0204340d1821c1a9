import { randomUUID } from 'node:crypto';
import type { Session } from '../database.ts';
import { prepared } from '../statement.ts';

/** Of all logs in a database; a notification says which log, and who sends it. */
export const CHANNEL = 'leftfold';
/** Between two notifications of one process. Each is a transaction, and those that notify commit one after the other. */
const APART_MS = 5;

/** What a notification says; stands between who says it and which log it is. */
const APPENDED = ' ';
const PROBE = '?';
type Told = typeof APPENDED | typeof PROBE;

const NOTIFY = prepared('notify', `select pg_notify('${CHANNEL}', $1)`);

/**
 * Tells the log's readers in other processes that something was appended. In a statement of its own after the append has committed, since inside of it all
 * commits of the cluster would queue for one lock (hazard L14); at most one is under way, and {@link APART_MS} lie between two. Only a hint: one that
 * fails is forgotten, and the next poll finds what it would have told.
 */
export class Announcer {
  /** In every notification of this process, so that a listener knows its own. */
  readonly #id: string = randomUUID();
  readonly #db: Pick<Session, 'query'>;
  readonly #schema: string;
  #wanted: Told | undefined;
  #isUnderWay = false;

  constructor(db: Pick<Session, 'query'>, schema: string) {
    this.#db = db;
    this.#schema = schema;
  }

  /** Something was appended. Never throws, waits for nothing. */
  announce(): void {
    this.#tell(APPENDED);
  }
  /** Sends what only this process is to hear. Else processes that ask whether they hear would wake each other's readers, the more of them the more often. */
  probe(): void {
    this.#tell(this.#wanted ?? PROBE);
  }

  /** Whether a notification is our own, or says that another process has appended to this log. `undefined`: neither. */
  read(payload: string | undefined): 'own' | 'other' | undefined {
    const { length } = this.#id;
    if (payload?.slice(length + 1) !== this.#schema) return undefined;
    if (payload.startsWith(this.#id)) return 'own';
    return payload[length] === APPENDED ? 'other' : undefined;
  }

  #tell(what: Told): void {
    this.#wanted = what;
    if (!this.#isUnderWay) void this.#send();
  }

  async #send(): Promise<void> {
    this.#isUnderWay = true;
    while (this.#wanted !== undefined) {
      const payload = `${this.#id}${this.#wanted}${this.#schema}`;
      this.#wanted = undefined;
      await this.#db.query(NOTIFY, [payload]).catch(() => undefined);
      // It keeps no process alive.
      await new Promise<void>((resolve) => setTimeout(resolve, APART_MS).unref());
    }
    this.#isUnderWay = false;
  }
}
