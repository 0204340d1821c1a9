import type { Checkpoints, Parked, ReadModels } from '@leftfold/subscriptions';
import { conformanceSuite } from '../conformance-case.ts';
import type { ConformanceSuite } from '../conformance-case.ts';
import { arrivingCases } from './arriving-cases.ts';
import { keepingCases } from './keeping-cases.ts';
import { requestCases } from './request-cases.ts';
import { settlingCases } from './settling-cases.ts';

/** What an adapter gives the suite: all of one storage. */
export interface ParkedHarness {
  readonly checkpoints: Checkpoints;
  readonly readModels: ReadModels;
  readonly parked: Parked;
}

/** Every promise of the ports `Parked` and `ParkedWriter`. The storage may be the same for every case: each has followers and keys of its own. Use as `eventStoreConformance`. */
export function parkedConformance(open: () => ParkedHarness | Promise<ParkedHarness>): ConformanceSuite {
  const opened = async (): Promise<ParkedHarness> => open();
  return conformanceSuite([
    ...keepingCases(opened),
    ...requestCases(opened),
    ...settlingCases(opened),
    ...arrivingCases(opened),
  ]);
}
