import { AtEvent } from '../following/at-event.ts';
import type { Applier, EventGate } from './applier.ts';
import type { DealtEvent } from './dealt-event.ts';
import type { ModelTransaction } from '../read-models.ts';

/**
 * Applies events where one of them is refused, and nobody says which: all in an attempt of their own; where that is refused, its first half, then its second. So in a
 * batch of n events a refused one costs about 2 log n attempts, and an event that comes behind one that failed is decided about after it.
 */
export async function applyCarefully(
  tx: ModelTransaction,
  applier: Applier,
  events: readonly DealtEvent[],
  gate: EventGate,
): Promise<void> {
  const [first] = events;
  if (first === undefined) return;
  try {
    const fork = gate.fork();
    await tx.attempt(() => applier.apply(tx, events, fork));
    gate.adopt(fork);
  } catch (error) {
    if (!isRefusal(applier, error)) throw error;
    if (events.length === 1) return gate.failed(first, error);
    const half = Math.ceil(events.length / 2);
    await applyCarefully(tx, applier, events.slice(0, half), gate);
    await applyCarefully(tx, applier, events.slice(half), gate);
  }
}

/** Whether what a run has thrown is about some event of it, and nobody has said which, or decided about it. */
export const isRefusal = (applier: Applier, error: unknown): boolean =>
  !(error instanceof AtEvent) && applier.isRefusal(error);
