import type { Json, LogPosition } from '@leftfold/core';
import type { RecordStamp } from '../record/recognition.ts';
import { RelayFault } from './relay-fault.ts';
import type { Cursor } from '../source.ts';
import type { LogIdentity } from '../storage.ts';

/**
 * What a relay keeps beside its cursor: the numbers it goes on with when it reads on from there. Saved together with the place *before* the records
 * after it are sent, and what is read on from a pinned place never changes; so whoever sends those records again, after a crash or as a
 * zombie, gives them the same numbers (hazards R3, R4, R14). A type, not an interface, so that it is {@link Json}.
 */
export type RelayLedger = {
  /**
   * 2 while keys of the lane are withheld or redriven. Code from before knows 1 alone: it would send later events of a withheld key, or number new ones as what
   * is being redriven, so it must not go on.
   */
  readonly v: 1 | 2;
  readonly log: string;
  readonly generation: number;
  /** By topic. The length of the lists is the number of partitions that its keys are spread over. */
  readonly topics: {
    readonly [topic: string]: {
      /** The sequence at which this generation began, by partition. */
      readonly began: readonly number[];
      /** The next sequence, by partition. */
      readonly next: readonly number[];
    };
  };
  /** The place is pinned, and what is read on from there may have been sent under the next numbers. Only said in version 2. */
  readonly window?: 'open';
  /**
   * Where the batch ends that is being sent from the saved place, and the numbers after it by topic: they are settled before it is sent, so whoever waits for one of its events
   * knows its number without waiting for the next save. Read by nobody who sends.
   */
  readonly ends?: { readonly at: string; readonly next: { readonly [topic: string]: readonly number[] } };
  /** Events of one key that are being sent again, under the next numbers of their partition, one for each. */
  readonly redrive?: Redrive;
};

/** Which events are being sent again. A type, so that it is {@link Json}. */
export type Redrive = {
  readonly topic: string;
  readonly tenant: string;
  readonly stream: string;
  readonly partition: number;
  /** In their order. */
  readonly versions: readonly string[];
  /** What is carried out, as of then: whoever asks for something else meanwhile does not change what is sent. With `'give-up'` the first event is given up. */
  readonly request: {
    readonly kind: 'redrive' | 'give-up';
    readonly by: string;
    readonly reason?: string;
    readonly at: string;
  };
};

/**
 * The ledger to go on with: as saved, or a new one. It may be one of an earlier generation, which what was opened in it keeps: see {@link inGeneration}.
 * @throws {@link RelayFault} `LF_LEDGER_FOREIGN`
 */
export function openLedger(saved: Json, { id, generation }: LogIdentity): RelayLedger {
  if (saved === null) return { v: 1, log: id, generation, topics: {} };
  const ledger = saved as RelayLedger;
  if ((ledger.v !== 1 && ledger.v !== 2) || ledger.log !== id || ledger.generation > generation) {
    throw new RelayFault(
      'LF_LEDGER_FOREIGN',
      `the relay's numbers are of log ${ledger.log}, generation ${ledger.generation}, format ${ledger.v}; this is log ${id}, generation ${generation}, read in formats 1 and 2: restore log and checkpoints together, or run the release that wrote them`,
    );
  }
  if (ledger.ends === undefined) return ledger;
  const { v, topics, window, redrive } = ledger;
  return {
    v,
    log: ledger.log,
    generation: ledger.generation,
    topics,
    ...(window && { window }),
    ...(redrive && { redrive }),
  };
}

/** The ledger as it is saved before a batch is sent: with where that ends, and the numbers after it. */
export function sending(before: RelayLedger, after: RelayLedger, to: Cursor): RelayLedger {
  const moved = Object.entries(after.topics).filter(([topic, one]) => one !== before.topics[topic]);
  return { ...before, ends: { at: to, next: Object.fromEntries(moved.map(([topic, { next }]) => [topic, next])) } };
}

/** The ledger as it is saved: in version 1 unless code must know of what is withheld. The same object where nothing changes. */
export function ledgerOf(
  ledger: RelayLedger,
  { isWithholding, window, redrive }: { readonly isWithholding: boolean } & Pick<RelayLedger, 'window' | 'redrive'>,
): RelayLedger {
  const v = isWithholding || redrive !== undefined ? 2 : 1;
  const open = v === 2 ? window : undefined;
  if (ledger.v === v && ledger.window === open && ledger.redrive === redrive) return ledger;
  const { log, generation, topics } = ledger;
  return { v, log, generation, topics, ...(open && { window: open }), ...(redrive && { redrive }) };
}

/**
 * The ledger of a generation that begins where the numbers stand: they go on, so that a consumer who applied what was lost stands beyond that mark.
 *
 * To be called between two windows, not within one that was opened before. A place that was saved outlives only together with all that its window holds: what is sent
 * again from there are the same records with the same numbers, and a consumer who has some of them has lost nothing (hazard R13).
 */
export function inGeneration(ledger: RelayLedger, generation: number): RelayLedger {
  if (ledger.generation === generation) return ledger;
  const topics = Object.entries(ledger.topics).map(([topic, { next }]) => [topic, { began: next, next }] as const);
  return { ...ledger, generation, topics: Object.fromEntries(topics) };
}

/**
 * The ledger with these topics in it, each with its number of partitions as the broker has it now.
 * @throws {@link RelayFault} `LF_PARTITION_COUNT_CHANGED`
 */
export function withTopics(ledger: RelayLedger, counts: ReadonlyMap<string, number>): RelayLedger {
  const added: Record<string, RelayLedger['topics'][string]> = {};
  for (const [topic, count] of counts) {
    const known = ledger.topics[topic];
    if (known === undefined) {
      const ones = Array.from({ length: count }, () => 1);
      added[topic] = { began: ones, next: ones };
    } else if (known.next.length !== count) {
      throw new RelayFault(
        'LF_PARTITION_COUNT_CHANGED',
        `topic ${topic} has ${count} partitions, its keys were spread over ${known.next.length}: they would move to other partitions and lose their order; give the topic its old number, or publish to a new topic`,
      );
    }
  }
  return Object.keys(added).length === 0 ? ledger : { ...ledger, topics: { ...ledger.topics, ...added } };
}

/**
 * Sees to it that each partition is fed by one lane. An event's lane and its partition are its hash mod their numbers, so a lane has whole partitions when
 * one number divides the other; otherwise two lanes would give the same numbers to different records.
 * @throws {@link RelayFault} `LF_PARTITION_SHARED`
 */
export function refuseShared(lanes: number, counts: Iterable<readonly [topic: string, partitions: number]>): void {
  for (const [topic, count] of counts) {
    if (count % lanes === 0) continue;
    throw new RelayFault(
      'LF_PARTITION_SHARED',
      `topic ${topic} has ${count} partitions and the log ${lanes} lanes, so that lanes would share partitions; make the partitions a multiple of the lanes, or the log's lanes fewer`,
    );
  }
}

/** An event on its way to a topic, as far as numbering it goes. */
interface Published {
  readonly topic: string;
  readonly hash: number;
  readonly position: LogPosition;
}
/** An event with its partition and number. */
export interface Stamped<R> {
  readonly record: R;
  readonly partition: number;
  readonly stamp: RecordStamp;
}

/** Numbers events in their order, and the ledger after them. Every topic must be in the ledger. Partition = hash mod count, as every Kafka client has it. Pure. */
export function stampRecords<R extends Published>(
  ledger: RelayLedger,
  records: readonly R[],
): { readonly ledger: RelayLedger; readonly stamped: readonly Stamped<R>[] } {
  const { log, generation } = ledger;
  const after = new Map<string, number[]>();
  const stamped = records.map((record): Stamped<R> => {
    const topic = ledger.topics[record.topic] as RelayLedger['topics'][string];
    const next = after.get(record.topic) ?? [...topic.next];
    after.set(record.topic, next);
    const partition = record.hash % next.length;
    const sequence = next[partition] as number;
    next[partition] = sequence + 1;
    return { record, partition, stamp: { log, generation, began: topic.began[partition] as number, sequence } };
  });
  const topics = [...after].map(([topic, next]) => [topic, { ...ledger.topics[topic], next }] as const);
  return { stamped, ledger: { ...ledger, topics: { ...ledger.topics, ...Object.fromEntries(topics) } } as RelayLedger };
}
