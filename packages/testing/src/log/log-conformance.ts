import type { Storage } from '@leftfold/subscriptions';
import { conformanceSuite } from '../conformance-case.ts';
import type { ConformanceSuite } from '../conformance-case.ts';
import { behindCases, behindLaneCases } from './behind-cases.ts';
import { evolutionCases } from './evolution-cases.ts';
import { keptCases } from './kept-cases.ts';
import { laneCases } from './lane-cases.ts';
import { logCases } from './log-cases.ts';
import { partCases } from './part-cases.ts';
import { runCases } from './run-cases.ts';

/** What an adapter gives the suite. */
export interface LogHarness {
  /** The store and the log it writes; best with `conformanceTopic`, so that some events are private. It may be the same one for every case; each reads the log from its start, so one with few events is quick. */
  readonly storage: () => Storage | Promise<Storage>;
  /** A storage whose log has so many lanes: the same log for each number, or others. False where it always has one. */
  readonly lanes: ((lanes: number) => Storage | Promise<Storage>) | false;
  /** After how long a case gives up waiting for events. Default 20,000. */
  readonly timeoutMs?: number;
}

/** Every promise of the port `Source`, for a log that is written through its own store. Use as `eventStoreConformance`. */
export const logConformance = ({ storage, lanes, timeoutMs }: LogHarness): ConformanceSuite =>
  conformanceSuite(
    [logCases, runCases, partCases, behindCases, evolutionCases, keptCases].flatMap((cases) =>
      cases(async () => storage(), timeoutMs),
    ),
    {
      lanes: lanes && [
        ...laneCases(async (count) => lanes(count), timeoutMs),
        ...behindLaneCases(async (count) => lanes(count)),
      ],
    },
  );
