import type { Checkpoints } from '@leftfold/subscriptions';
import { conformanceSuite } from '../conformance-case.ts';
import type { ConformanceSuite } from '../conformance-case.ts';
import { claimCases } from './claim-cases.ts';
import { leaseCases } from './lease-cases.ts';
import { memberCases } from './member-cases.ts';
import { moveCases } from './move-cases.ts';

/** Opens the checkpoints under test. */
export type OpenCheckpoints = () => Promise<Checkpoints>;

/** What an adapter gives the suite. */
export interface CheckpointsHarness {
  /** May be the same for every case: each case has followers of its own. */
  readonly checkpoints: () => Checkpoints | Promise<Checkpoints>;
  /** Lets a second pass on the clock that leases run by. Left out where that is a real clock: then the cases wait until a lease of one second has lapsed. */
  readonly passSecond?: () => Promise<void>;
}

/** Every promise of the port `Checkpoints`. Use as `eventStoreConformance`. */
export function checkpointsConformance({
  checkpoints,
  passSecond = async () => {},
}: CheckpointsHarness): ConformanceSuite {
  const open: OpenCheckpoints = async () => checkpoints();
  return conformanceSuite([
    ...claimCases(open),
    ...leaseCases(open, passSecond),
    ...memberCases(open, passSecond),
    ...moveCases(open),
  ]);
}
