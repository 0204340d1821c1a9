import type { AnyEventType, Json } from '@leftfold/core';
import type { Applier } from '../dealing/applier.ts';
import type { Claim } from '../checkpoints.ts';
import type { Recover } from './recovery-policy.ts';
import type { Source } from '../source.ts';
import type { Storage } from '../storage.ts';
import type { BatchTime } from '../dealing/time-allowance.ts';

/** What all lanes of one projector have in common. */
export interface ProjectorTerms {
  readonly source: Source;
  readonly storage: Pick<Storage, 'readModels' | 'parked'>;
  /** Handled types, by all their names. */
  readonly types: ReadonlyMap<string, AnyEventType>;
  /** How events of a lane are applied, as long as this claim of it lasts. */
  applierOf(claim: Claim): Promise<Applier>;
  /** What is done about an event's own fault. */
  readonly recover: Recover;
  /** How long the events of one transaction may take. */
  readonly time: BatchTime;
  /** What is kept beside the cursor. */
  readonly ledger: () => Json;
}
