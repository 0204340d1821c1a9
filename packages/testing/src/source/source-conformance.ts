import { conformanceSuite } from '../conformance-case.ts';
import type { ConformanceSuite } from '../conformance-case.ts';
import { boundedCases } from './bounded-cases.ts';
import { keptCases } from './kept-cases.ts';
import { lanesOfReadersCases } from './lanes-of-readers-cases.ts';
import { readingCases } from './reading-cases.ts';
import { recognitionCases } from './recognition-cases.ts';
import { recreationCases } from './recreation-cases.ts';
import { retentionCases } from './retention-cases.ts';
import { makeCase } from './source-case.ts';
import type { OpenSource } from './source-under-test.ts';

/** What an adapter gives the suite. */
export interface SourceHarness {
  /** Each case opens one or more topics of its own. */
  readonly open: OpenSource;
  /** Whether records can be removed from the beginning of a partition: `deleteBelow` of what is opened. */
  readonly retention: boolean;
  /** Whether a topic can be made anew: `recreate` of what is opened. With `'known'` the source tells one by its id, whatever is written to it then. */
  readonly recreation: 'known' | 'unknown' | false;
  /** After how long a case gives up waiting for a state. Default 20,000. */
  readonly timeoutMs?: number;
}

/**
 * Every promise of the port `Source`, for one that reads the topics of a broker: batches join, nothing is skipped, revealed twice or taken for something else, at
 * restarts, with others of the same name beside it, through retention and topics made anew, and up to an end. Use as `eventStoreConformance`.
 */
export function sourceConformance({
  open,
  retention,
  recreation,
  timeoutMs = 20_000,
}: SourceHarness): ConformanceSuite {
  const make = makeCase(open, timeoutMs);
  return conformanceSuite(
    [readingCases, recognitionCases, lanesOfReadersCases, boundedCases, keptCases].flatMap((cases) => cases(make)),
    {
      retention: retention && retentionCases(make),
      recreation: recreation !== false && recreationCases(make, recreation === 'known'),
    },
  );
}
