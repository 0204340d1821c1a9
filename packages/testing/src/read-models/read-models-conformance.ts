import { conformanceSuite } from '../conformance-case.ts';
import type { ConformanceSuite } from '../conformance-case.ts';
import type { ModelStorage, OpenModels } from './model-scene.ts';
import { rowCases } from './row-cases.ts';
import { sharedTransactionCases } from './shared-transaction-cases.ts';
import { modelTransactionCases, rowRaceCases } from './transaction-cases.ts';

/** What an adapter gives the suite. */
export interface ReadModelsHarness {
  /** May be the same for every case: each case has tables and followers of its own. Several transactions must be able to run at once, though not side by side. */
  readonly storage: () => ModelStorage | Promise<ModelStorage>;
  readonly capabilities: {
    /** Two transactions can be under way at once, so that one can find a row that it had read as absent. `false` where they take turns. */
    readonly concurrentTransactions: boolean;
  };
}

/** Every promise of the port `ReadModels` that a row projection rests on. Use as `eventStoreConformance`. */
export function readModelsConformance({ storage, capabilities }: ReadModelsHarness): ConformanceSuite {
  const open: OpenModels = async () => storage();
  return conformanceSuite([...rowCases(open), ...modelTransactionCases(open), ...sharedTransactionCases(open)], {
    concurrentTransactions: capabilities.concurrentTransactions && rowRaceCases(open),
  });
}
