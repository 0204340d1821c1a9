import type { Consumer, KafkaRecord } from '@platformatic/kafka';
import type { Lane } from '@leftfold/subscriptions';
import { TopicUnknown } from '../errors.ts';
import { headerTexts } from '../fetched-batch.ts';
import type { FetchedBatch } from '../fetched-batch.ts';
import { LIMITS } from '../options.ts';
import type { KafkaOptions } from '../options.ts';
import type { OffsetToCommit } from '../lazy-commits.ts';
import { topicLane } from '../topic-lane.ts';
import type { TopicPartition } from '../topic-lane.ts';
import { committedBatches } from './committed-batches.ts';
import { HeldConnections } from './held-connections.ts';
import { platformatic, platformaticSettings } from './platformatic-settings.ts';

/** A place to fetch from. */
export interface FetchPlace extends TopicPartition {
  readonly topicId: string;
  readonly offset: bigint;
}
/** A topic, as far as fetching goes. */
export interface LedTopic {
  readonly id: string;
  /** Of each partition, the number of the broker that leads it; -1 while none does. */
  readonly leaders: readonly number[];
}
/** What came of a partition: records, or what the broker said instead. */
export type FetchAnswer = { readonly batch: FetchedBatch } | { readonly error: unknown };

type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>;
type FetchResponsePartition = FetchResponse['responses'][number]['partitions'][number];

const READ_COMMITTED = 1;
/** Of all partitions together, as many times what one may have. */
const PARTITIONS_IN_AN_ANSWER = 10;
/** A member of no group says so; the brokers take offsets from it for groups that have no members. */
const NO_MEMBER = { memberId: '', generationId: -1 };

/**
 * One client of the package, for direct fetches by place: no group is joined, nothing is decided here. At most one fetch from a broker at a time: each goes on
 * with the broker's fetch session, so that what has not changed is not asked again.
 */
export class FetchClient {
  readonly #consumer: Consumer;
  readonly #connections: HeldConnections;
  readonly #maxBatchBytes: number;

  private constructor(consumer: Consumer, maxBatchBytes: number) {
    this.#consumer = consumer;
    this.#connections = new HeldConnections(consumer);
    this.#maxBatchBytes = maxBatchBytes;
  }

  /** @param group for which {@link commit} speaks */
  static async open(options: KafkaOptions, group: string): Promise<FetchClient> {
    const { Consumer: ConsumerOfPackage } = await platformatic();
    // Trying again is the fetch loop's: it knows the leaders better.
    const consumer = new ConsumerOfPackage({ ...platformaticSettings(options), groupId: group, retries: 0 });
    Object.assign(consumer, NO_MEMBER);
    return new FetchClient(consumer, options.maxBatchBytes ?? LIMITS.maxBatchBytes.standard);
  }

  /** The topic as the cluster has it now. @throws {@link TopicUnknown} `LF_TOPIC_UNKNOWN`, and as the client does */
  async topic(name: string): Promise<LedTopic> {
    let found: { readonly id: string; readonly partitions: readonly { readonly leader: number }[] } | undefined;
    try {
      found = (await this.#consumer.metadata({ topics: [name], forceUpdate: true })).topics.get(name);
    } catch (error) {
      // The client keeps the protocol's code to itself here.
      if (!(error instanceof Error && error.message.startsWith('Unknown topic'))) throw error;
    }
    if (found === undefined) throw new TopicUnknown(name, 'absent');
    return { id: found.id, leaders: found.partitions.map(({ leader }) => leader) };
  }

  /**
   * Asks one broker for all of these, and waits this long until one has something. Answers by lane; a lane that is not in the answer has nothing new.
   * @throws as the client does, when there is no answer to any of them
   */
  async fetch(node: number, places: readonly FetchPlace[], waitMs: number): Promise<ReadonlyMap<Lane, FetchAnswer>> {
    const byLane = new Map(places.map((place) => [topicLane(place.topic, place.partition), place]));
    const topicsById = new Map(places.map(({ topic, topicId }) => [topicId, topic]));
    const answers = new Map<Lane, FetchAnswer>();
    const { response, failed } = await this.#ask(node, places, waitMs);
    for (const { topicId, partitions } of response.responses) {
      for (const partition of partitions) {
        const topic = topicsById.get(topicId);
        const lane = topic === undefined ? undefined : topicLane(topic, partition.partitionIndex);
        const place = lane === undefined ? undefined : byLane.get(lane);
        if (lane === undefined || place === undefined) continue;
        if (partition.errorCode !== 0) answers.set(lane, { error: failed(partition) });
        else {
          const batch = fetchedBatch(place, partition);
          if (batch.nextOffset > place.offset) answers.set(lane, { batch });
        }
      }
    }
    return answers;
  }

  /** Tells the group's offsets, as nobody of it. A group that has members refuses that. @throws as the client does */
  async commit(offsets: readonly OffsetToCommit[]): Promise<void> {
    await this.#consumer.commit({ offsets: offsets.map((each) => ({ ...each, leaderEpoch: -1 })) });
  }

  /** Lets go at once; what is under way fails. */
  release(): void {
    this.#connections.release();
  }

  async #ask(node: number, places: readonly FetchPlace[], waitMs: number): Promise<Answer> {
    const ids = new Set(places.map(({ topicId }) => topicId));
    try {
      const response = await this.#consumer.fetch({
        node,
        maxWaitTime: waitMs,
        minBytes: 1,
        maxBytes: this.#maxBatchBytes * PARTITIONS_IN_AN_ANSWER,
        isolationLevel: READ_COMMITTED,
        topics: [...ids].map((topicId) => ({
          topicId,
          partitions: places
            .filter((place) => place.topicId === topicId)
            .map(({ partition, offset }) => ({
              partition,
              fetchOffset: offset,
              partitionMaxBytes: this.#maxBatchBytes,
              // Not told: an epoch that the broker does not know yet, or no more, would be one more reason to refuse.
              currentLeaderEpoch: -1,
              lastFetchedEpoch: -1,
            })),
        })),
      });
      return { response, failed: () => undefined };
    } catch (error) {
      const response = partitionsIn(error);
      if (response === undefined) {
        // The broker may be new, or have moved to another address: the client would keep to what it knows for ever.
        this.#consumer.clearMetadata();
        throw error;
      }
      return { response, failed: (partition) => causeOf(error, partition) };
    }
  }
}

interface Answer {
  readonly response: Pick<FetchResponse, 'responses'>;
  readonly failed: (partition: FetchResponsePartition) => unknown;
}

/** What stands in an answer of which some partitions failed: the client throws it as one error, with all of it inside. */
function partitionsIn(error: unknown): FetchResponse | undefined {
  for (const each of errorsIn(error)) {
    const { response } = each as { readonly response?: FetchResponse };
    if (response?.errorCode === 0 && response.responses.length > 0) return response;
  }
  return undefined;
}

/** The one of an answer's errors that speaks of this partition. */
function causeOf(error: unknown, { errorCode }: FetchResponsePartition): unknown {
  for (const each of errorsIn(error)) {
    if ((each as { readonly apiCode?: unknown }).apiCode === errorCode) return each;
  }
  return error;
}

function* errorsIn(error: unknown, seen: Set<unknown> = new Set()): Generator<object> {
  if (typeof error !== 'object' || error === null || seen.has(error)) return;
  seen.add(error);
  yield error;
  const { cause, errors } = error as { readonly cause?: unknown; readonly errors?: unknown };
  if (Array.isArray(errors)) for (const each of errors) yield* errorsIn(each, seen);
  yield* errorsIn(cause, seen);
}

/** Brokers answer with whole record batches, so with records before the place as well; and with some that are to be passed over. */
function fetchedBatch(
  { topic, partition, offset }: FetchPlace,
  { records: batches, abortedTransactions }: FetchResponsePartition,
): FetchedBatch {
  const records = [];
  let nextOffset = offset;
  for (const { firstOffset, lastOffsetDelta } of batches ?? []) {
    const end = firstOffset + BigInt(lastOffsetDelta) + 1n;
    if (end > nextOffset) nextOffset = end;
  }
  for (const batch of committedBatches(batches ?? [], abortedTransactions ?? [])) {
    for (const record of batch.records) {
      const at = batch.firstOffset + BigInt(record.offsetDelta);
      if (at >= offset) records.push({ offset: at, ...rawRecord(record) });
    }
  }
  return { topic, partition, records, nextOffset };
}

function rawRecord({ key, value, headers }: KafkaRecord) {
  return {
    key: key?.toString() ?? null,
    value,
    headers: headerTexts(headers.map(([name, text]) => [name?.toString() ?? '', text?.toString() ?? ''])),
  };
}
