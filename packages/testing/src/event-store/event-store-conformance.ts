import type { EventStore } from '@leftfold/core';
import { conformanceSuite } from '../conformance-case.ts';
import type { ConformanceSuite } from '../conformance-case.ts';
import { atomicityCases } from './atomicity-cases.ts';
import { concurrencyCases } from './concurrency-cases.ts';
import { eventIdCases } from './event-id-cases.ts';
import { expectationCases } from './expectation-cases.ts';
import { identityCases } from './identity-cases.ts';
import { rangeCases } from './range-cases.ts';
import { readingCases } from './reading-cases.ts';
import { replyCases, replyExpiryCases } from './reply-cases.ts';
import { roundTripCases } from './round-trip-cases.ts';
import { snapshotCases, snapshotTransactionCases } from './snapshot-cases.ts';
import { transactionCases } from './transaction-cases.ts';
import { uniqueKeyCases } from './unique-key-cases.ts';

/** Opens the store under test. */
export type OpenStore = () => Promise<EventStore>;
/** Runs work on the store within a transaction of the caller's: commits when it resolves; rolls back, and rejects likewise, when it rejects. */
export type RunTransaction = <T>(work: (store: EventStore) => Promise<T>) => Promise<T>;

/** What an adapter gives the suite. */
export interface EventStoreHarness {
  /**
   * The store, made with {@link conformanceTopic}. It may be the same one for every case, with events in it: each case uses streams, ids and keys of
   * its own. 50 calls must be able to run at once, though not side by side.
   */
  readonly store: () => EventStore | Promise<EventStore>;
  readonly capabilities: {
    /** `TransactionalEventStore.within`; `false` where there is none. */
    readonly transactions: false | RunTransaction;
    /** Replies kept for `keepMs` (at least 1,000) expire when `expire` has resolved; `false` where the time cannot be made to pass. */
    readonly replyExpiry: false | { readonly keepMs: number; readonly expire: () => Promise<void> };
    /** `false` where the store keeps no snapshots. */
    readonly snapshots?: false;
  };
}

/**
 * Every promise of the port `EventStore`, as cases for any runner:
 *
 * ```ts
 * const suite = eventStoreConformance({ store: () => store, capabilities: { transactions: false, replyExpiry: false } });
 * for (const { title, run } of suite) test(title, run);
 * ```
 *
 * What a capability says `false` to is listed in {@link ConformanceSuite.undeclared}. Cases may run one after the other or side by side.
 */
export function eventStoreConformance({ store, capabilities }: EventStoreHarness): ConformanceSuite {
  const open: OpenStore = async () => store();
  const { transactions, replyExpiry, snapshots } = capabilities;
  return conformanceSuite(
    [
      ...expectationCases(open),
      ...concurrencyCases(open),
      ...atomicityCases(open),
      ...readingCases(open),
      ...rangeCases(open),
      ...roundTripCases(open),
      ...identityCases(open),
      ...eventIdCases(open),
      ...uniqueKeyCases(open),
      ...replyCases(open),
    ],
    {
      transactions: transactions && [
        ...transactionCases(open, transactions),
        ...snapshotTransactionCases(transactions),
      ],
      snapshots: snapshots ?? snapshotCases(open),
      replyExpiry: replyExpiry && replyExpiryCases(open, replyExpiry.keepMs, replyExpiry.expire),
    },
  );
}
