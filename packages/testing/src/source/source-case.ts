import type { Codec } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { eventually } from '../eventually.ts';
import { CaseReader } from './case-reader.ts';
import type { CaseReaderOptions } from './case-reader.ts';
import { withSource } from './source-under-test.ts';
import type { OpenSource, SourceUnderTest } from './source-under-test.ts';

/** What a case works with. */
export interface SourceCase extends SourceUnderTest {
  /** A reader at work, on a source of its own; stopped when the case ends. */
  readonly read: (options?: CaseReaderOptions) => CaseReader;
  /** Waits for a state. */
  readonly until: (holds: () => boolean | Promise<boolean>) => Promise<void>;
}

/** Makes cases of a topic with so many partitions each. */
export type MakeCase = (
  title: string,
  partitions: number,
  run: (given: SourceCase) => Promise<void>,
  codec?: () => Codec,
) => ConformanceCase;

/** @param timeoutMs after which a state that was waited for does not come */
export const makeCase =
  (open: OpenSource, timeoutMs: number): MakeCase =>
  (title, partitions, run, codec) => ({
    title,
    run: () =>
      withSource(
        open,
        partitions,
        async (under) => {
          const readers: CaseReader[] = [];
          try {
            await run({
              ...under,
              read: (options) => {
                const reader = new CaseReader(under.source(), options);
                readers.push(reader);
                return reader;
              },
              until: async (holds) => void (await eventually(holds, { timeoutMs })),
            });
          } finally {
            await Promise.all(readers.map((reader) => reader.stop().catch(() => undefined)));
          }
        },
        codec?.(),
      ),
  });
