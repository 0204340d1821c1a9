import { AGAIN, fullJitter } from '@leftfold/subscriptions';
import type { Lane } from '@leftfold/subscriptions';
import { setTimeout as timer } from 'node:timers/promises';
import { asBrokerError, brokerFault } from '../broker-fault.ts';
import { BrokerUnavailable } from '../errors.ts';
import { topicLane } from '../topic-lane.ts';
import type { TopicPartition } from '../topic-lane.ts';
import type { FetchAnswer, FetchClient, FetchPlace, LedTopic } from './fetch-client.ts';
import { FetchedLane } from './fetched-lane.ts';

/** How long a broker may hold back an answer, when all that is wanted of it is in one request: what an idle reader costs. */
const IDLE_WAIT_MS = 2_000;
/** The same, of the request beside it, for those that began to want something meanwhile. */
const BESIDE_WAIT_MS = 100;
/** Said of a partition that has moved, or is about to: the leaders are looked up anew, and it is asked there. */
const MOVED = new Set([
  'NOT_LEADER_OR_FOLLOWER',
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'REPLICA_NOT_AVAILABLE',
]);
/** Said of the broker's fetch session, which the client begins anew by itself. */
const SESSION = new Set(['FETCH_SESSION_ID_NOT_FOUND', 'INVALID_FETCH_SESSION_EPOCH', 'FETCH_SESSION_TOPIC_ID_ERROR']);
/** In a row, before the lane is told: a leader that moves is nothing to speak of. */
const QUIET_FAULTS = 2;

/** The two clients a loop works with: a broker answers the requests of a connection one after the other, so one waits for records, the other never long. */
export interface FetchClients {
  readonly waiting: Pick<FetchClient, 'fetch' | 'topic'>;
  readonly beside: Pick<FetchClient, 'fetch' | 'topic'>;
}

/** What one lane wants, on its way. */
interface Asked {
  readonly lane: Lane;
  readonly place: FetchPlace;
  readonly turn: number;
  readonly answered: (answer: FetchAnswer) => void;
}

/**
 * Fetches for all lanes of a reader: of each broker all that it leads in one request. An idle reader has one request under way at each broker, which waits
 * there for the first record. A lane that has dealt with its batches while that one waits is asked for in a second one beside it.
 */
export class FetchLoop {
  readonly #clients: FetchClients;
  readonly #lanes: Map<Lane, FetchedLane> = new Map();
  /** What each lane has under way. One that wants something else by now is asked for again at once. */
  readonly #asked: Map<Lane, number> = new Map();
  /** By client and broker, the requests under way. */
  readonly #busy: Set<string> = new Set();
  readonly #faults: Map<Lane, number> = new Map();
  readonly #topics: Map<string, Promise<LedTopic>> = new Map();
  readonly #led: Map<string, LedTopic> = new Map();
  #isWoken = false;
  #isOver = false;
  readonly #onRequest: () => void;

  /** @param onRequest told of each request for records */
  constructor(clients: FetchClients, onRequest: () => void) {
    this.#clients = clients;
    this.#onRequest = onRequest;
  }

  lane(at: TopicPartition, end: () => bigint | undefined): FetchedLane {
    const fetches = {
      topicId: async (topic: string) => (await this.#topic(topic)).id,
      wake: () => this.#wake(),
    };
    const lane = new FetchedLane(at, fetches, end);
    this.#lanes.set(topicLane(at.topic, at.partition), lane);
    return lane;
  }

  /** Nothing is fetched any more; what is under way ends by itself when the clients are released. */
  end(): void {
    this.#isOver = true;
  }

  /** What wants something at the same moment goes in one request. */
  #wake(): void {
    if (this.#isWoken || this.#isOver) return;
    this.#isWoken = true;
    setImmediate(() => {
      this.#isWoken = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#isOver) return;
    const byLeader = new Map<number, Asked[]>();
    for (const [lane, each] of this.#lanes) {
      const wanted = each.wanted();
      if (wanted === undefined || this.#asked.get(lane) === wanted.turn) continue;
      const leader = this.#leaderOf(each);
      if (leader === undefined) continue;
      const asked = byLeader.get(leader) ?? [];
      asked.push({ lane, ...wanted });
      byLeader.set(leader, asked);
    }
    for (const [leader, asked] of byLeader) {
      if (leader < 0) this.#failed(asked, new BrokerUnavailable('a partition has no leader', undefined));
      // It is back soon, and then all goes in one: else the long request would go on without these lanes, and they be asked for ten times a second for ever.
      else if (this.#busy.has(`beside ${leader}`)) continue;
      else if (this.#busy.has(`waiting ${leader}`)) void this.#fetch('beside', leader, asked, BESIDE_WAIT_MS);
      else void this.#fetch('waiting', leader, asked, IDLE_WAIT_MS);
    }
  }

  async #fetch(by: keyof FetchClients, leader: number, asked: readonly Asked[], waitMs: number): Promise<void> {
    const name = `${by} ${leader}`;
    this.#busy.add(name);
    for (const { lane, turn } of asked) this.#asked.set(lane, turn);
    this.#onRequest();
    try {
      const answers = await this.#clients[by].fetch(
        leader,
        asked.map(({ place }) => place),
        waitMs,
      );
      this.#busy.delete(name);
      this.#free(asked);
      for (const each of asked) {
        const answer = answers.get(each.lane);
        if (answer !== undefined && 'error' in answer) this.#failed([each], answer.error);
        else {
          this.#faults.delete(each.lane);
          if (answer !== undefined) each.answered(answer);
        }
      }
    } catch (error) {
      this.#busy.delete(name);
      this.#free(asked);
      this.#failed(asked, error);
    }
    this.#wake();
  }

  #free(asked: readonly Asked[]): void {
    for (const { lane, turn } of asked) if (this.#asked.get(lane) === turn) this.#asked.delete(lane);
  }

  /** The first faults in a row are looked into here; what goes on after that is the lane's to tell. */
  #failed(asked: readonly Asked[], error: unknown): void {
    const { name } = brokerFault(error);
    if (SESSION.has(name)) return;
    for (const topic of new Set(asked.map(({ place }) => place.topic))) this.#forget(topic);
    const isUsual = MOVED.has(name) || !isOfPartition(error);
    const quiet: Asked[] = [];
    for (const each of asked) {
      const faults = (this.#faults.get(each.lane) ?? 0) + 1;
      this.#faults.set(each.lane, faults);
      if (isUsual && faults <= QUIET_FAULTS) quiet.push(each);
      else each.answered({ error: asBrokerError(`reading from ${each.lane}`, error) });
    }
    if (quiet.length === 0) return;
    for (const { lane, turn } of quiet) this.#asked.set(lane, turn);
    void timer(fullJitter(1, AGAIN), undefined, { ref: false }).then(() => {
      this.#free(quiet);
      this.#wake();
    });
  }

  /** Undefined while it is looked up; then the loop is woken. */
  #leaderOf({ topic, partition }: TopicPartition): number | undefined {
    const led = this.#led.get(topic);
    if (led !== undefined) return led.leaders[partition] ?? -1;
    void this.#topic(topic).then(
      () => this.#wake(),
      (error: unknown) => {
        for (const each of this.#lanes.values()) if (each.topic === topic) each.wanted()?.answered({ error });
      },
    );
    return undefined;
  }

  #topic(name: string): Promise<LedTopic> {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const asked: Promise<LedTopic> = this.#clients.beside.topic(name).then(
      (led) => {
        // Else it was forgotten meanwhile, and what is asked after that counts.
        if (this.#topics.get(name) === asked) this.#led.set(name, led);
        return led;
      },
      (error: unknown) => {
        if (this.#topics.get(name) === asked) this.#topics.delete(name);
        throw asBrokerError(`looking up ${name}`, error);
      },
    );
    this.#topics.set(name, asked);
    return asked;
  }

  #forget(topic: string): void {
    this.#topics.delete(topic);
    this.#led.delete(topic);
  }
}

/** Whether a broker said it of one partition, rather than that it could not be asked. */
function isOfPartition(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'apiCode' in error;
}
