import { EventEmitter, once } from 'node:events';
import { uuidV7 } from '@leftfold/core';
import type { ReadToken, StoredEvent } from '@leftfold/core';

/**
 * Every event of one log in commit order, which in memory is append order: the event at index `i` has position `i + 1`. Shared by the store,
 * which adds, and the log, which reads.
 */
export class RecordedEvents {
  /** The identity of this log. */
  readonly id: string = uuidV7();
  readonly #events: StoredEvent[] = [];
  readonly #changes = new EventEmitter().setMaxListeners(0);

  /** The position of the newest event; 0 when there is none. */
  get end(): number {
    return this.#events.length;
  }
  /** Says "everything up to here": the token of an append that has just been made. */
  get token(): ReadToken {
    return this.tokenOf(this.end);
  }
  /** Says "everything up to this position". */
  tokenOf(position: bigint | number): ReadToken {
    return `m1.${this.id}.${position}` as ReadToken;
  }
  add(events: readonly StoredEvent[]): void {
    this.#events.push(...events);
    this.#changes.emit('added');
  }
  /** The events after one position, up to and with another. */
  between(after: number, upTo: number): readonly StoredEvent[] {
    return this.#events.slice(after, upTo);
  }
  /** Resolves when there is an event after `position`, or when `signal` aborts. Woken by {@link add}: no timer runs. */
  async beyond(position: number, signal: AbortSignal): Promise<void> {
    while (this.end <= position && !signal.aborted) await once(this.#changes, 'added', { signal }).catch(() => {});
  }
}
