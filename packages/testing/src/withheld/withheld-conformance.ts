import type { Checkpoints, Withheld } from '@leftfold/subscriptions';
import { conformanceSuite } from '../conformance-case.ts';
import type { ConformanceSuite } from '../conformance-case.ts';
import { keepingCases } from './keeping-cases.ts';
import { requestCases } from './request-cases.ts';
import { settlingCases } from './settling-cases.ts';

/** What an adapter gives the suite: both of one storage. */
export interface WithheldHarness {
  readonly checkpoints: Checkpoints;
  readonly withheld: Withheld;
}

/** Every promise of the port `Withheld`. The storage may be the same for every case: each has keys of its own. Use as `eventStoreConformance`. */
export function withheldConformance(open: () => WithheldHarness | Promise<WithheldHarness>): ConformanceSuite {
  const opened = async (): Promise<WithheldHarness> => open();
  return conformanceSuite([...keepingCases(opened), ...requestCases(opened), ...settlingCases(opened)]);
}
