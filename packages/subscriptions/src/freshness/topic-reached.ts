import type { RelayLedger } from '../relay/relay-ledger.ts';
import type { Source } from '../source.ts';
import type { Places } from './fed-by.ts';

/** How far a partition must be reached, so that everything up to a place in the log is. */
export interface Needed {
  readonly topic: string;
  readonly partition: number;
  readonly log: string;
  readonly generation: number;
  /** Of the last record. */
  readonly sequence: number;
  /** The sequence at which the generation began. */
  readonly began: number;
}

/** By a relay's saved numbers: the record before the next one of a partition. `undefined`: nothing was ever sent to the topic. */
export function neededAt(ledger: RelayLedger, topic: string, partition: number): Needed | undefined {
  const { log, generation, topics } = ledger;
  const [next, began] = [topics[topic]?.next[partition], topics[topic]?.began[partition]];
  if (next === undefined || began === undefined) return undefined;
  return { topic, partition, log, generation, sequence: next - 1, began };
}

/** The same for the partition of a hash. */
export function neededFor(ledger: RelayLedger, topic: string, hash: number): Needed | undefined {
  const partitions = ledger.topics[topic]?.next.length;
  return partitions === undefined ? undefined : neededAt(ledger, topic, hash % partitions);
}

/**
 * Whether a follower at these places has the record. A number of an earlier generation counts below the one at which the later began: from there on it was given a second time, to
 * another record.
 */
export function hasReached(source: TopicSource, places: Places, needed: Needed): boolean {
  const { topic, partition, log, generation, sequence, began } = needed;
  if (sequence === 0) return true;
  const reached = source.reached(places, topic, partition);
  if (reached === 'start' || reached.log !== log || reached.sequence < sequence) return false;
  return reached.generation === generation || (reached.generation < generation && reached.sequence < began);
}

/** A source that says how far its places have come in each partition. */
export type TopicSource = Required<Pick<Source, 'reached'>>;
