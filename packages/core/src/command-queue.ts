import type { EventStore } from './event-store.ts';
import type { Abort, StreamRef } from './message.ts';
import { streamKey } from './seen-state.ts';

/** Per store, the last command of each stream that has commands under way. */
const queues = new WeakMap<EventStore, Map<string, Promise<unknown>>>();

/**
 * Runs the commands of one stream one after the other within this process, in the order they came; those of other streams are not held up. A command on
 * several streams waits for all that came before it on any of them. It joins all their queues in one step, so who came first is the same in each, and no two
 * can wait for each other.
 *
 * Why: without it, of ten concurrent commands on one stream three attempts let only three through (seen), although every single one could have
 * been carried out. The queue belongs to the store, so all repositories over it share it.
 *
 * Aborting before its turn rejects with the signal's reason at once, and the work is not done.
 */
export function inTurn<T>(
  store: EventStore,
  streams: readonly StreamRef[],
  work: () => Promise<T>,
  signal?: Abort,
): Promise<T> {
  const queue = queues.get(store) ?? new Map<string, Promise<unknown>>();
  queues.set(store, queue);
  const names = streams.map(streamKey);
  const before = Promise.all(names.map((name) => queue.get(name) ?? Promise.resolve()));
  const mine = (signal ? unlessAborted(before, signal) : before).then(work);
  // Who gave up did not end what went before.
  const ended = Promise.allSettled([before, mine]).then(() => {
    for (const name of names) if (queue.get(name) === ended) queue.delete(name);
  });
  for (const name of names) queue.set(name, ended);
  return mine;
}

/** Waits for a turn that cannot fail. @throws the signal's reason when it aborts first */
async function unlessAborted(turn: Promise<unknown>, signal: Abort): Promise<void> {
  await new Promise<void>((resolve) => {
    const goOn = (): void => {
      signal.removeEventListener('abort', goOn);
      resolve();
    };
    signal.addEventListener('abort', goOn, { once: true });
    void turn.then(goOn);
    if (signal.aborted) goOn();
  });
  if (signal.aborted) throw signal.reason;
}
