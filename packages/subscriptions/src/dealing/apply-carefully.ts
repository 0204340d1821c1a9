import { AtEvent } from '../following/at-event.ts';
import type { Applier, EventGate } from './applier.ts';
import type { DealtEvent } from './dealt-event.ts';
import type { ModelTransaction } from '../read-models.ts';
import type { TimeAllowance } from './time-allowance.ts';

/**
 * Applies events where one of them is refused, and nobody says which: all in an attempt of their own; where that is refused, as far as it had come its first half, then its second. So among
 * n events a refused one costs about 2 log n attempts, and an event that comes behind one that failed is decided about after it. Answers how many are dealt with, at least one: the time begins anew with each
 * part that is refused, or there would be none left for what was only to be found.
 */
export async function applyCarefully(
  tx: ModelTransaction,
  applier: Applier,
  events: readonly DealtEvent[],
  gate: EventGate,
  allowance: TimeAllowance,
): Promise<number> {
  const [first] = events;
  if (first === undefined) return 0;
  const fork = gate.fork();
  try {
    const dealt = await tx.attempt(() => applier.apply(tx, events, fork, allowance));
    gate.adopt(fork);
    return dealt;
  } catch (error) {
    if (!isRefusal(applier, error)) throw error;
    allowance.renew();
    if (events.length === 1) {
      gate.failed(first, error);
      return 1;
    }
    const begun = fork.seen > 0 ? Math.min(fork.seen, events.length) : events.length;
    const ends = [Math.ceil(begun / 2), begun, events.length];
    let dealt = 0;
    for (const end of ends) {
      dealt += await applyCarefully(tx, applier, events.slice(dealt, end), gate, allowance);
      if (dealt < end || allowance.isOver) return dealt;
    }
    return dealt;
  }
}

/** Whether what a run has thrown is about some event of it, and nobody has said which, or decided about it. */
export const isRefusal = (applier: Applier, error: unknown): boolean =>
  !(error instanceof AtEvent) && applier.isRefusal(error);
