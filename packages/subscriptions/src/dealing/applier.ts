import type { DealtEvent } from './dealt-event.ts';
import type { HeldKeys } from '../parking/held-keys.ts';
import type { ModelTransaction } from '../read-models.ts';
import type { OwnedLane } from '../following/owned-lane.ts';
import type { TimeAllowance } from './time-allowance.ts';

/** Decides about events one by one, in their order, so that one that cannot be applied is not the end of all others. */
export interface EventGate {
  /** How many events it was asked about. */
  readonly seen: number;
  /** False: the event is left out. */
  admits(event: DealtEvent): boolean;
  /** The event cannot be applied, and nothing of it is. What this throws ends the run. */
  failed(event: DealtEvent, error: unknown): void;
  /** A gate that has seen what this has; what it sees counts here once it is {@link adopt}ed. */
  fork(): EventGate;
  adopt(fork: EventGate): void;
}

/** How a kind of projection applies events of one lane. */
export interface Applier {
  /** Rows that several streams share, each as the key `row/…` under which events of it wait; none where events wait by their stream alone. */
  readonly rowsOf: (event: DealtEvent) => readonly string[];
  /** False where nothing is to be done for the event. */
  concerns(event: DealtEvent): boolean;
  /**
   * Applies events in order, each one that the gate admits, as long as there is time, and at least one; the gate is asked about no other. Answers how many are dealt with. An event that is found at fault before
   * anything was written is told to the gate; everything else is thrown.
   */
  apply(
    tx: ModelTransaction,
    events: readonly DealtEvent[],
    gate: EventGate,
    allowance: TimeAllowance,
  ): Promise<number>;
  /** Whether what {@link apply} has thrown is about what was to be written, so that some event is at fault and others may not be. */
  isRefusal(error: unknown): boolean;
  /** What is done of a batch before its transaction, if anything. To be called before each run of it. @throws the signal's reason once it aborts */
  before?(owned: OwnedLane, events: readonly DealtEvent[], held: HeldKeys, interrupted: AbortSignal): Promise<void>;
  /** What ends a transaction of events that are dealt with, if anything. */
  ending?(tx: ModelTransaction, events: readonly DealtEvent[]): Promise<void>;
  /** That transaction is committed. */
  ended?(): void;
}
