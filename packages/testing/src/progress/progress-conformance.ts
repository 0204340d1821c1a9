import type { Storage } from '@leftfold/subscriptions';
import { conformanceSuite } from '../conformance-case.ts';
import type { ConformanceSuite } from '../conformance-case.ts';
import { beyondCases, beyondLaneCases } from './beyond-cases.ts';
import { lookCases } from './look-cases.ts';
import { parkedCases } from './parked-cases.ts';

/** All of one storage. */
export type ProgressStorage = Pick<Storage, 'store' | 'log' | 'checkpoints' | 'readModels' | 'progress'>;

/** What an adapter gives the suite. */
export interface ProgressHarness {
  /** Best with `conformanceTopic`, so that some events are private. It may be the same for every case: each has streams and followers of its own. */
  readonly storage: () => ProgressStorage | Promise<ProgressStorage>;
  /** A storage whose log has so many lanes: the same log for each number, or others. False where it always has one. */
  readonly lanes: ((lanes: number) => ProgressStorage | Promise<ProgressStorage>) | false;
}

/**
 * Every promise of the port `Progress`, but for what no store can be made to do from outside: a transaction that is under way (hazard C14) is the adapter's own to test. Use as
 * `eventStoreConformance`.
 */
export function progressConformance({ storage, lanes }: ProgressHarness): ConformanceSuite {
  const opened = async (): Promise<ProgressStorage> => storage();
  return conformanceSuite([...lookCases(opened), ...beyondCases(opened), ...parkedCases(opened)], {
    lanes: lanes && beyondLaneCases(async (count) => lanes(count)),
  });
}
