import { fullJitter } from '@leftfold/subscriptions';
import { setTimeout as timer } from 'node:timers/promises';
import { lendClean } from '../lent-client.ts';
import type { PgPool } from '../pool.ts';
import { unprepared } from '../statement.ts';
import { CHANNEL, type Announcer } from './announcer.ts';
import type { Wake } from './wake.ts';

/** So often it is asked whether a connection that listens still hears. */
const PROBE_MS = 15_000;
/** So often it is looked whether the pool is being ended: that waits for each connection that is lent. */
const LOOK_MS = 1_000;
/** Within this time an own notification must come back. */
const ECHO_MS = 5_000;
const RETRY = { baseMs: 1_000, capMs: 30_000 };
/** A pool with fewer connections cannot spare one. */
const LEAST_POOL = 3;

/** The part of `pg`'s client that listens. */
interface Notified {
  on(event: 'notification', listener: (message: { readonly payload?: string }) => void): unknown;
  on(event: 'error' | 'end', listener: () => void): unknown;
}

/**
 * Wakes the readers of a storage when another process has appended. Holds one connection of the pool, as long as somebody reads.
 *
 * It counts as hearing only once a notification of its own has come back, and while that goes on: a pooler in transaction mode, a fail-over, a firewall that
 * forgets connections all leave one that listens in vain. Readers poll less often while it hears, and as often as ever when it does not.
 */
export class Listener {
  readonly #pool: PgPool;
  readonly #announcer: Announcer;
  readonly #wake: Wake;
  #readers = 0;
  #stop: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  #isHearing = false;
  #onEcho: () => void = () => {};

  constructor(pool: PgPool, announcer: Announcer, wake: Wake) {
    this.#pool = pool;
    this.#announcer = announcer;
    this.#wake = wake;
  }

  /** Whether appends of other processes are heard of at this moment. */
  get isHearing(): boolean {
    return this.#isHearing;
  }

  /**
   * Listens while `read` runs, together with all who read at the same time. The connection is given up before this resolves; one that is only asked for, as soon as
   * it comes. Within a second also when the pool is being ended, by an owner who did not stop its readers before.
   */
  async during<T>(read: () => Promise<T>): Promise<T> {
    this.#readers += 1;
    if (this.#readers === 1 && canSpareOne(this.#pool)) this.#begin();
    try {
      return await read();
    } finally {
      this.#readers -= 1;
      if (this.#readers === 0) {
        this.#stop?.abort();
        await this.#running;
      }
    }
  }

  #begin(): void {
    const stop = (this.#stop = new AbortController());
    // Whoever came before may still be giving up its connection.
    this.#running = this.#running.then(() => this.#run(stop.signal));
  }

  async #run(stop: AbortSignal): Promise<void> {
    for (let failures = 0; !stop.aborted && !isEnding(this.#pool); failures++) {
      await this.#listen(stop, () => (failures = 0)).catch(() => undefined);
      this.#setHearing(false);
      await timer(fullJitter(failures + 1, RETRY), undefined, { signal: stop, ref: false }).catch(() => undefined);
    }
  }

  /** Until the connection is lost, does not hear, or is not needed any more. */
  async #listen(stop: AbortSignal, heard: () => void): Promise<void> {
    const lending = lendClean(this.#pool, false);
    const lent = await orAborted(lending, stop).catch((error: unknown) => {
      lending.then((late) => late.giveBack()).catch(() => undefined);
      throw error;
    });
    const ended = new AbortController();
    const halt = AbortSignal.any([stop, ended.signal]);
    const client = lent.connection as Notified;
    client.on('error', () => ended.abort());
    client.on('end', () => ended.abort());
    client.on('notification', ({ payload }) => this.#notified(payload));
    try {
      await orAborted(lent.query(unprepared(`listen ${CHANNEL}`)), halt);
      for (let unaskedMs = PROBE_MS; !halt.aborted && !isEnding(this.#pool); unaskedMs += LOOK_MS) {
        if (unaskedMs >= PROBE_MS) {
          if (!(await this.#hears(halt))) return;
          heard();
          this.#setHearing(true);
          unaskedMs = 0;
        }
        await timer(LOOK_MS, undefined, { signal: halt, ref: false }).catch(() => undefined);
      }
    } finally {
      // It listens: nobody else is to get it.
      lent.discard('it listens');
      lent.giveBack();
    }
  }

  async #hears(halt: AbortSignal): Promise<boolean> {
    const echo = Promise.withResolvers<boolean>();
    this.#onEcho = () => echo.resolve(true);
    this.#announcer.probe();
    const late = timer(ECHO_MS, false, { signal: halt, ref: false }).catch(() => false);
    return Promise.race([echo.promise, late]);
  }

  #notified(payload: string | undefined): void {
    const whose = this.#announcer.read(payload);
    // Of what this process appends its readers know already.
    if (whose === 'own') this.#onEcho();
    else if (whose === 'other') this.#wake.signal();
  }

  #setHearing(isHearing: boolean): void {
    if (this.#isHearing === isHearing) return;
    this.#isHearing = isHearing;
    // Who waits for long in trust of it looks now, and then as often as it must.
    if (!isHearing) this.#wake.signal();
  }
}

function canSpareOne(pool: PgPool): boolean {
  const { options } = pool as { readonly options?: { readonly max?: unknown } };
  return typeof options?.max !== 'number' || options.max >= LEAST_POOL;
}

function isEnding(pool: PgPool): boolean {
  return (pool as { readonly ending?: unknown }).ending === true;
}

/** What the work brings, or the signal's reason as soon as it aborts: a server that does not answer holds nobody up who stops. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const aborted = (): void => reject(signal.reason);
  signal.addEventListener('abort', aborted, { once: true });
  if (signal.aborted) aborted();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', aborted);
  }
}
