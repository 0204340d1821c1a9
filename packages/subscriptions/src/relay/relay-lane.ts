import type { Claim } from '../checkpoints.ts';
import type { HeldKeys } from './held-keys.ts';
import type { LaneMilestones } from './lane-milestones.ts';
import type { Publisher } from '../publisher.ts';
import type { RelayLedger } from './relay-ledger.ts';

/** One lane of the log as its owner relays it: its numbers, what of it is withheld, and a publisher of its own. */
export interface RelayLane {
  readonly claim: Claim;
  ledger: RelayLedger;
  /** The log's, when the lane was claimed. */
  readonly generation: number;
  readonly publisher: Publisher;
  /** Partitions by topic, as last asked. */
  readonly counts: Map<string, number>;
  readonly held: HeldKeys;
  readonly milestones: LaneMilestones;
  /** A window may have been sent in part, under the next numbers: nothing else may be numbered before it is done. */
  isWindowOpen: boolean;
  /** How many records the last window had. */
  lastWindow: number;
}
