import type { Checkpoints, ReadModels, Versions } from '@leftfold/subscriptions';
import { conformanceSuite } from '../conformance-case.ts';
import type { ConformanceSuite } from '../conformance-case.ts';
import { bindingCases } from './binding-cases.ts';
import { registeringCases } from './registering-cases.ts';

/** What an adapter gives the suite: all of one storage. */
export interface VersionsHarness {
  readonly versions: Versions;
  readonly readModels: ReadModels;
  readonly checkpoints: Checkpoints;
}

/** Every promise of the port `Versions`. The storage may be the same for every case: each has projections of its own. Use as `eventStoreConformance`. */
export function versionsConformance(open: () => VersionsHarness | Promise<VersionsHarness>): ConformanceSuite {
  const opened = async (): Promise<VersionsHarness> => open();
  return conformanceSuite([...registeringCases(opened), ...bindingCases(opened)]);
}
