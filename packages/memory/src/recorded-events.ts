import { EventEmitter, once } from 'node:events';
import { NOTHING_WRITTEN, uuidV7 } from '@leftfold/core';
import type { ReadToken, StoredEvent } from '@leftfold/core';
import { readToken, tokenFrame, type LogIdentity } from '@leftfold/subscriptions';

/**
 * Every event of one log in commit order, which in memory is append order: the event at index `i` has position `i + 1`. Shared by the store,
 * which adds, and the log, which reads.
 */
export class RecordedEvents {
  /** The identity of this log. */
  readonly id: string = uuidV7();
  readonly #events: StoredEvent[] = [];
  readonly #appends = new Map<bigint, readonly StoredEvent[]>();
  readonly #changes = new EventEmitter().setMaxListeners(0);

  get identity(): LogIdentity {
    return { id: this.id, generation: 1 };
  }
  /** The position of the newest event; 0 when there is none. */
  get end(): number {
    return this.#events.length;
  }
  /** The token of the append that these events came in: all of it, in order. */
  tokenOf(events: readonly StoredEvent[]): ReadToken {
    const last = events.at(-1);
    if (last === undefined) return NOTHING_WRITTEN;
    this.#appends.set(last.position, events);
    return readToken(tokenFrame(this.identity, events), String(last.position));
  }
  /** The events of an append, by the position of its last one: in memory that is its transaction's id. */
  append(last: bigint): readonly StoredEvent[] | undefined {
    return this.#appends.get(last);
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
