import { envelopeOf } from '../record/envelope-of.ts';
import { AtEvent } from '../following/at-event.ts';
import { fullJitter } from '../following/backoff.ts';
import type { Applier } from './applier.ts';
import { BatchGate, eventName, type BatchTerms } from './batch-gate.ts';
import type { DealtEvent } from './dealt-event.ts';
import { applyCarefully, isRefusal } from './apply-carefully.ts';
import type { HeldKeys } from '../parking/held-keys.ts';
import type { ModelTransaction } from '../read-models.ts';
import type { OwnedLane } from '../following/owned-lane.ts';
import { parkOrStop } from '../parking/parking-refused.ts';
import { pause } from '../following/pause.ts';
import type { ProjectorTerms } from './projector-terms.ts';
import type { Cursor } from '../source.ts';

/** The longest pause before an event is tried again. */
const CAP_MS = 60_000;

/** Nothing of this run is committed: these events are to be tried again. */
class TryAgain extends Error {
  readonly gate: BatchGate;

  constructor(gate: BatchGate) {
    super('events are tried again');
    this.gate = gate;
  }
}

/**
 * Applies a batch, in one transaction with the checkpoint and with what is parked. As long as nothing is wrong that is the move, what the projection reads and writes, and
 * no more. Where a write is refused, the transaction is made again and the event looked for; with a policy of repetitions it is made again after each pause.
 */
export async function dealBatch(
  owned: OwnedLane,
  { events, to }: { readonly events: readonly DealtEvent[]; readonly to: Cursor },
  { held, applier }: { readonly held: HeldKeys; readonly applier: Applier },
  terms: ProjectorTerms,
  interrupted: AbortSignal,
): Promise<void> {
  const { recover, storage } = terms;
  const failures = new Map<string, number>();
  const batch: BatchTerms = { rowsOf: applier.rowsOf, recover, failures };
  for (let isCareful = false; ;) {
    const ledger = terms.ledger();
    try {
      await applier.before?.(owned, events, held);
      const gate = await storage.readModels.transaction(owned.claim, { from: owned.saved, to, ledger }, async (tx) => {
        // A gate of its own for each run: one that is rolled back has decided nothing.
        const run = new BatchGate(batch, held);
        await applyAll(tx, events, run, applier, isCareful);
        if (run.again.length > 0) throw new TryAgain(run);
        await applier.ending?.(tx, events);
        return run;
      });
      applier.ended?.();
      gate.held.merge();
      owned.moved(to, ledger);
      return;
    } catch (error) {
      if (error instanceof TryAgain) {
        await waitFor(error.gate, failures, terms, owned, interrupted);
        isCareful = false;
      } else if (!isCareful && isRefusal(applier, error)) isCareful = true;
      else throw error;
    }
  }
}

/** Events up to the next one that was redriven or given up, then that one: it may change what is parked, and so what becomes of those behind it. */
async function applyAll(
  tx: ModelTransaction,
  events: readonly DealtEvent[],
  gate: BatchGate,
  applier: Applier,
  isCareful: boolean,
): Promise<void> {
  const stretch: DealtEvent[] = [];
  const applyStretch = async (): Promise<void> => {
    const part = stretch.splice(0);
    if (part.length === 0) return;
    if (isCareful) await applyCarefully(tx, applier, part, gate);
    else await applier.apply(tx, part, gate);
    const parked = gate.takeParked();
    if (parked.length > 0 && gate.again.length === 0) await parkOrStop(() => tx.parked.park(parked));
  };
  for (const event of events) {
    if (!isSettlement(event)) stretch.push(event);
    else {
      await applyStretch();
      await settle(tx, event, gate);
    }
  }
  await applyStretch();
}

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

async function waitFor(
  { again }: BatchGate,
  failures: Map<string, number>,
  { recover }: ProjectorTerms,
  owned: OwnedLane,
  interrupted: AbortSignal,
): Promise<void> {
  for (const { event } of again)
    failures.set(eventName(event.record), (failures.get(eventName(event.record)) ?? 0) + 1);
  const [first] = again;
  if (first === undefined || recover.kind !== 'retry') return;
  owned.troubled(new AtEvent(first.error, first.event.reference));
  await pause(fullJitter(Math.max(...failures.values()), { baseMs: recover.backoffMs, capMs: CAP_MS }), interrupted);
}
