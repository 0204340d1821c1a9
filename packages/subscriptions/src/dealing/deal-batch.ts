import { AtEvent } from '../following/at-event.ts';
import { fullJitter } from '../following/backoff.ts';
import type { Applier } from './applier.ts';
import { applyEvents } from './apply-events.ts';
import { BatchGate, eventName, type BatchTerms } from './batch-gate.ts';
import type { BatchLeft } from './batch-left.ts';
import type { DealtEvent } from './dealt-event.ts';
import { isRefusal } from './apply-carefully.ts';
import type { HeldKeys } from '../parking/held-keys.ts';
import type { OwnedLane } from '../following/owned-lane.ts';
import { pause } from '../following/pause.ts';
import type { ProjectorTerms } from '../projection/projector-terms.ts';
import { TimeAllowance } from './time-allowance.ts';

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

/** What is dealt with: a batch, as far as it is left, and the events of that which concern the projection. */
export interface DealtBatch {
  readonly left: BatchLeft;
  readonly events: readonly DealtEvent[];
}
/** What a lane knows of how, as long as its claim lasts. */
export interface DealingLane {
  readonly held: HeldKeys;
  readonly applier: Applier;
  /** Told after each part that is committed. */
  readonly dealt: () => void;
}

/**
 * Applies a batch, in one transaction with the checkpoint and with what is parked. As long as nothing is wrong that is the move, what the projection reads and writes, and
 * no more. Where a write is refused, the transaction is made again and the event looked for; with a policy of repetitions it is made again after each pause.
 *
 * Where events take longer than they may the transaction ends with what is applied by then, the checkpoint moved to the place before the rest, and the rest comes in the next: so a crash repeats no more than
 * that, and no transaction stays open for as long as a batch of slow events takes. An interruption is heeded between two of them.
 */
export async function dealBatch(
  owned: OwnedLane,
  { left, events }: DealtBatch,
  lane: DealingLane,
  terms: ProjectorTerms,
  interrupted: AbortSignal,
): Promise<void> {
  const failures = new Map<string, number>();
  for (let rest = events; ;) {
    const dealt = await dealPart(owned, { left, events: rest }, lane, { terms, failures, interrupted });
    lane.dealt();
    rest = rest.slice(dealt);
    if (rest.length === 0) return;
    interrupted.throwIfAborted();
  }
}

/** One transaction. Answers how many of the events are dealt with; all records before the next are. */
async function dealPart(
  owned: OwnedLane,
  { left, events }: DealtBatch,
  { held, applier }: DealingLane,
  {
    terms,
    failures,
    interrupted,
  }: {
    readonly terms: ProjectorTerms;
    /** How often events of the batch have failed. */
    readonly failures: Map<string, number>;
    readonly interrupted: AbortSignal;
  },
): Promise<number> {
  const { recover, storage, time } = terms;
  const { to } = left.batch;
  const batch: BatchTerms = { rowsOf: applier.rowsOf, recover, failures };
  for (let isCareful = false; ;) {
    const ledger = terms.ledger();
    // What this throws is about no event.
    await applier.before?.(owned, events, held, interrupted);
    try {
      const ended = await storage.readModels.transaction(owned.claim, { from: owned.saved, to, ledger }, async (tx) => {
        // A gate and a time of its own for each run: one that is rolled back has decided nothing.
        const gate = new BatchGate(batch, held);
        const allowance = left.hasParts ? new TimeAllowance(time, interrupted) : TimeAllowance.unlimited();
        const dealt = await applyEvents(tx, events, { applier, gate, allowance, isCareful });
        if (gate.again.length > 0) throw new TryAgain(gate);
        await applier.ending?.(tx, events.slice(0, dealt));
        const next = events[dealt]?.record;
        const end = next && left.placeBefore(next);
        if (end !== undefined) await tx.endAt(end);
        return { gate, dealt, next, place: end ?? to };
      });
      applier.ended?.();
      ended.gate.held.merge();
      owned.moved(ended.place, ledger);
      if (ended.next) left.doneBefore(ended.next);
      return ended.dealt;
    } catch (error) {
      if (error instanceof TryAgain) {
        await waitFor(error.gate, failures, terms, owned, interrupted);
        isCareful = false;
      } else if (!isCareful && isRefusal(applier, error)) isCareful = true;
      else throw error;
    }
  }
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
