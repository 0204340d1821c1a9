import type { Publisher } from '@leftfold/subscriptions';
import { conformanceSuite } from '../conformance-case.ts';
import type { ConformanceSuite } from '../conformance-case.ts';
import { copyCases, faultCases, leaderCases } from './fault-cases.ts';
import { limitCases, loweredLimitCases } from './limit-cases.ts';
import { orderCases } from './order-cases.ts';
import { outcomeCases } from './outcome-cases.ts';
import type { StoredRecord } from './published-records.ts';
import { roundTripCases } from './round-trip-cases.ts';
import { absentTopicCases, remadeTopicCases } from './topic-cases.ts';
import { turnCases } from './turn-cases.ts';

/** Topics of a case's own, empty when it gets them, and whatever publishes to them. */
export interface PublisherScene {
  /** Their names, in the order asked for. */
  readonly topics: readonly string[];
  /** Another one at each call. The case closes it. */
  publisher(): Promise<Publisher>;
  /** What stands in a topic, by partition and in order: read by something else than what publishes. */
  read(topic: string): Promise<readonly (readonly StoredRecord[])[]>;
}

/** What is to become of a send between publisher and broker. */
export type SendFault =
  /** The connection ends in the request's place: nothing is written. */
  | 'request-cut'
  /** Half of the request arrives, then the connection ends. */
  | 'request-half'
  /** The request vanishes, and the connection stays. */
  | 'request-lost'
  /** It is written, then the connection ends in the answer's place. */
  | 'answer-cut'
  /** It is written, and the answer vanishes while the connection stays. */
  | 'answer-lost'
  /** It is written, and the answer comes later than the publisher waits for it. */
  | 'answer-late';

/** What an adapter gives the suite. */
export interface PublisherHarness {
  /** Makes topics with so many partitions each; where there are several, all have the same number. */
  readonly open: (...partitions: readonly number[]) => Promise<PublisherScene>;
  readonly capabilities: {
    /** `false` where records may have any size. */
    readonly limit:
      | false
      | {
          /** No topic takes a record with a value of so many bytes. */
          readonly bytes: number;
          /** Lowers the limit of a topic, behind the back of publishers, so that no value over 50,000 bytes is taken. `false` where it stands for ever. */
          readonly lower: false | ((topic: string) => Promise<void>);
        };
    /** Lets `fault` befall the next send of any publisher; `happened` resolves when it did. `false` where nothing lies between. */
    readonly faults:
      | false
      | {
          readonly kinds: readonly SendFault[];
          readonly next: (fault: SendFault) => { readonly happened: Promise<void> };
        };
    /** Moves the leaders of all partitions of a topic to other brokers, and resolves when they lead. `false` where there is one broker. */
    readonly leaders: false | ((topic: string) => Promise<unknown>);
    /** Runs `during` while too few copies of any topic are in sync for a write. `false` where there is one copy. */
    readonly copies: false | ((topic: string, during: () => Promise<void>) => Promise<void>);
    /** Deletes a topic and makes it anew with so many partitions. */
    readonly remake: false | ((topic: string, partitions: number) => Promise<void>);
    /** A scene with two topics, of which the first does not exist; `make` makes it. */
    readonly absent: false | (() => Promise<PublisherScene & { readonly make: () => Promise<void> }>);
  };
  /** After how long a case gives up repeating what is not written. Default 60,000. */
  readonly timeoutMs?: number;
}

/**
 * Every promise of the port `Publisher`, as cases for any runner. Cases run one after the other, since a fault befalls whoever sends next. Use as
 * `eventStoreConformance`.
 */
export function publisherConformance({ open, capabilities, timeoutMs = 60_000 }: PublisherHarness): ConformanceSuite {
  const { limit, faults, leaders, copies, remake, absent } = capabilities;
  return conformanceSuite([...orderCases(open), ...roundTripCases(open), ...outcomeCases(open), ...turnCases(open)], {
    limit: limit && limitCases(open, limit.bytes),
    'limit.lower': limit && limit.lower && loweredLimitCases(open, limit.lower, timeoutMs),
    faults: faults && faultCases(open, faults, timeoutMs),
    leaders: leaders && leaderCases(open, leaders, timeoutMs),
    copies: copies && copyCases(open, copies, timeoutMs),
    remake: remake && remadeTopicCases(open, remake, timeoutMs),
    absent: absent && absentTopicCases(absent, timeoutMs),
  });
}
