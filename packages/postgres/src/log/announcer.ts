import { randomUUID } from 'node:crypto';
import type { Session } from '../database.ts';
import { prepared } from '../statement.ts';

/** Of all logs in a database; a notification says which log, and who sends it. */
export const CHANNEL = 'leftfold';
/** Between two notifications of one process. Each is a transaction, and those that notify commit one after the other. */
const APART_MS = 5;

const NOTIFY = prepared('notify', `select pg_notify('${CHANNEL}', $1)`);

/**
 * Tells the log's readers in other processes that something was appended. In a statement of its own after the append has committed, since inside of it all
 * commits of the cluster would queue for one lock (hazard L14); at most one is under way, and {@link APART_MS} lie between two. Only a hint: one that
 * fails is forgotten, and the next poll finds what it would have told.
 */
export class Announcer {
  /** In every notification of this process, so that a listener knows its own. */
  readonly id: string = randomUUID();
  readonly #db: Pick<Session, 'query'>;
  readonly #schema: string;
  #isWanted = false;
  #isUnderWay = false;

  constructor(db: Pick<Session, 'query'>, schema: string) {
    this.#db = db;
    this.#schema = schema;
  }

  /** Never throws, waits for nothing. */
  announce(): void {
    this.#isWanted = true;
    if (!this.#isUnderWay) void this.#send();
  }

  /** Whether a notification is of this log, and whether it is our own. `undefined`: of another log, or nothing of ours. */
  read(payload: string | undefined): 'own' | 'other' | undefined {
    const [id, schema] = [payload?.slice(0, this.id.length), payload?.slice(this.id.length + 1)];
    if (schema !== this.#schema) return undefined;
    return id === this.id ? 'own' : 'other';
  }

  async #send(): Promise<void> {
    this.#isUnderWay = true;
    while (this.#isWanted) {
      this.#isWanted = false;
      await this.#db.query(NOTIFY, [`${this.id} ${this.#schema}`]).catch(() => undefined);
      // It keeps no process alive.
      await new Promise<void>((resolve) => setTimeout(resolve, APART_MS).unref());
    }
    this.#isUnderWay = false;
  }
}
