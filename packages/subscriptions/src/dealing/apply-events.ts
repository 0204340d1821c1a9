import { envelopeOf } from '../record/envelope-of.ts';
import type { Applier } from './applier.ts';
import { applyCarefully } from './apply-carefully.ts';
import type { BatchGate } from './batch-gate.ts';
import type { DealtEvent } from './dealt-event.ts';
import type { ModelTransaction } from '../read-models.ts';
import { parkOrStop } from '../parking/parking-refused.ts';
import type { TimeAllowance } from './time-allowance.ts';

/** How events are applied in one run of a transaction. */
export interface ApplyingRun {
  readonly applier: Applier;
  readonly gate: BatchGate;
  readonly allowance: TimeAllowance;
  /** One of them is refused, and nobody knows which. */
  readonly isCareful: boolean;
}

/**
 * Applies events, in order, as long as there is time; one at least. Answers how many are dealt with: applied, or parked. First those up to the next one that was redriven or given up, then that one: it may
 * change what is parked, and so what becomes of those behind it.
 */
export async function applyEvents(
  tx: ModelTransaction,
  events: readonly DealtEvent[],
  run: ApplyingRun,
): Promise<number> {
  const { gate, allowance } = run;
  for (let dealt = 0; dealt < events.length;) {
    if (dealt > 0 && allowance.isSpent) return dealt;
    const next = events.findIndex((event, at) => at >= dealt && isSettlement(event));
    if (next === dealt) {
      await settle(tx, events[dealt] as DealtEvent, gate);
      dealt += 1;
      continue;
    }
    const stretch = events.slice(dealt, next < 0 ? undefined : next);
    const count = await applyStretch(tx, stretch, run);
    const parked = gate.takeParked();
    if (parked.length > 0 && gate.again.length === 0) await parkOrStop(() => tx.parked.park(parked));
    dealt += count;
    if (count < stretch.length) return dealt;
  }
  return events.length;
}

const applyStretch = (
  tx: ModelTransaction,
  stretch: readonly DealtEvent[],
  { applier, gate, allowance, isCareful }: ApplyingRun,
): Promise<number> =>
  isCareful ? applyCarefully(tx, applier, stretch, gate, allowance) : applier.apply(tx, stretch, gate, allowance);

/** It says what became of an event that was withheld (hazard R15). */
const isSettlement = ({ record: { mark } }: DealtEvent): boolean =>
  mark?.kind === 'redriven' || mark?.kind === 'given-up';

/** What was withheld takes its place, or leaves it. One that has no place was applied already: it came under a number of its own before it was withheld. */
async function settle(tx: ModelTransaction, { record }: DealtEvent, gate: BatchGate): Promise<void> {
  const key = gate.held.keyOf(record);
  if (key === undefined) return;
  const kept = record.mark?.kind === 'redriven' ? record.keep() : null;
  const outcome = await tx.parked.arrived(key, kept?.envelope ?? envelopeOf(record), kept);
  if (outcome === 'live') gate.held.release(key);
}
