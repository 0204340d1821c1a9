import type { LeftfoldError } from './errors.ts';
import type { EventStore, ReplyKey, StoredReply } from './event-store.ts';
import type { Abort } from './message.ts';

/** Where a stored answer is looked for. */
interface FirstAnswer<T> {
  readonly store: EventStore;
  /** `undefined`: the command has no idempotency key. */
  readonly key: ReplyKey | undefined;
  readonly signal: Abort | undefined;
  readonly answer: (stored: StoredReply) => T;
}

/**
 * Carries out a command that may be a repetition. A repeated key is noticed by the store at append. It is also looked up before an error is handed out, since a
 * command that was carried out is usually refused the second time ("placed before"): so the usual path pays no extra round trip, and a repetition
 * always gets the first answer.
 */
export async function orFirstAnswer<T>(
  work: () => Promise<T>,
  { store, key, signal, answer }: FirstAnswer<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const stored = key && (await storedReply(store, key, signal, error));
    if (stored === undefined) throw error;
    return answer(stored);
  }
}

/**
 * The first answer, asked for before `error` is handed out. Where it cannot be asked for, a final "no" does not go out either: this may be the repetition of
 * a command that was carried out, and whoever sent it would take it for refused. That fault may be tried again.
 */
async function storedReply(
  store: EventStore,
  key: ReplyKey,
  signal: Abort | undefined,
  error: unknown,
): Promise<StoredReply | undefined> {
  try {
    return await store.reply(key, signal && { signal });
  } catch (fault) {
    if (isFinal(error)) throw fault;
    return undefined;
  }
}

/** An unknown outcome stays one: its remedy is to send the command again, too. */
function isFinal(error: unknown): boolean {
  const { code, retryable } = (typeof error === 'object' && error !== null ? error : {}) as Partial<LeftfoldError>;
  return retryable === false && code !== 'LF_OUTCOME_UNKNOWN';
}
