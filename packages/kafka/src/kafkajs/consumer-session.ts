import type { Lane } from '@leftfold/subscriptions';
import type { Consumer, ConsumerGroupJoinEvent, EachBatchPayload } from 'kafkajs';
import { setTimeout as timer } from 'node:timers/promises';
import { AssignedLane } from './assigned-lane.ts';
import type { LaneSetting } from './assigned-lane.ts';
import { BrokerUnavailable } from '../errors.ts';
import { topicLane } from '../topic-lane.ts';

/** Lanes a process works on side by side. */
const LANES_AT_ONCE = 64;
/** How long the consumer's loop waits for a handler. Shorter than any heartbeat interval, and what one slow lane may cost the others of its broker. */
const PATIENCE_MS = 250;
/** Between the consumer's stop and its reason. */
const LAST_WORDS_MS = 5_000;
const LEAVE_MS = 10_000;

/** What a {@link ConsumerSession} works with. */
export interface SessionSetting extends LaneSetting {
  readonly onJoined: () => void;
}

/**
 * One kafkajs consumer, from joining its group until it is asked to end or crashes. Lanes come and go with each join; each join is a new epoch, in which
 * all lanes are given anew, so nothing of an old assignment is handled on (C1).
 */
export class ConsumerSession {
  readonly #consumer: Consumer;
  readonly #topics: readonly string[];
  readonly #setting: SessionSetting;
  readonly #silenceMs: number;
  readonly #ended: PromiseWithResolvers<never> = Promise.withResolvers();
  #started: Promise<void> = Promise.resolve();
  #lanes: ReadonlyMap<Lane, AssignedLane> = new Map();
  readonly #runs: Map<Lane, Promise<void>> = new Map();
  #isEnding = false;
  #lastSignAt = 0;

  /** @param silenceMs A consumer that shows no sign of life for this long is given up. */
  constructor(consumer: Consumer, topics: readonly string[], setting: SessionSetting, silenceMs: number) {
    this.#consumer = consumer;
    this.#topics = topics;
    this.#setting = setting;
    this.#silenceMs = silenceMs;
  }

  /**
   * Resolves when `signal` aborts, rejects with the reason when the consumer crashes; then all lanes are given up, but handlers may still be at work:
   * {@link end} comes next, always. Called once.
   */
  async run(signal: AbortSignal): Promise<void> {
    this.#listen();
    const aborted = Promise.withResolvers<void>();
    const onAbort = (): void => aborted.resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const watch = setInterval(() => this.#watch(), this.#silenceMs / 4);
    this.#started = this.#start();
    try {
      await Promise.race([this.#started, aborted.promise, this.#ended.promise]);
      await Promise.race([aborted.promise, this.#ended.promise]);
    } finally {
      this.#isEnding = true;
      clearInterval(watch);
      signal.removeEventListener('abort', onAbort);
      this.#giveUpLanes({ tell: !signal.aborted });
      this.#pauseAll();
    }
  }

  /** Waits for the last handlers, then leaves the group. A part of its own, so that a crash is told even when a handler never ends. */
  async end(): Promise<void> {
    await Promise.all(this.#runs.values());
    await this.#leave();
  }

  /**
   * kafkajs lets a join that is under way go through after a disconnect: such a member would hold lanes, send heartbeats and read nothing. So the
   * disconnect comes after the join; where that takes long, once more.
   */
  async #leave(): Promise<void> {
    const disconnect = (): Promise<void> => this.#consumer.disconnect().catch(() => undefined);
    const started = this.#started;
    const left = started.then(disconnect, disconnect);
    const late = timer(LEAVE_MS, true, { ref: false });
    if (await Promise.race([left, late]))
      await Promise.race([disconnect(), timer(LEAVE_MS, undefined, { ref: false })]);
  }

  /** While the last handlers end, nothing more is fetched. */
  #pauseAll(): void {
    try {
      this.#consumer.pause(this.#topics.map((topic) => ({ topic })));
    } catch {
      // It has stopped already.
    }
  }

  async #start(): Promise<void> {
    this.#lastSignAt = Date.now();
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [...this.#topics], fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: LANES_AT_ONCE,
      eachBatch: (payload) => this.#arrived(payload),
    });
  }

  #listen(): void {
    const { CRASH, FETCH_START, GROUP_JOIN, HEARTBEAT, REBALANCING, STOP } = this.#consumer.events;
    this.#ended.promise.catch(() => undefined);
    this.#consumer.on(GROUP_JOIN, (event) => this.#joined(event));
    this.#consumer.on(CRASH, ({ payload }) => this.#ended.reject(payload.error));
    // When its disconnect fails after a crash, kafkajs stops and never says CRASH (C5).
    this.#consumer.on(STOP, () => {
      if (this.#isEnding) return;
      this.#giveUpLanes({ tell: true });
      setTimeout(() => this.#giveUp('the consumer stopped by itself'), LAST_WORDS_MS).unref();
    });
    const isAlive = (): void => void (this.#lastSignAt = Date.now());
    this.#consumer.on(REBALANCING, isAlive);
    this.#consumer.on(HEARTBEAT, isAlive);
    this.#consumer.on(FETCH_START, isAlive);
  }

  /** kafkajs runs this before the fetch loop goes on, so what is paused here is not fetched; its pauses and seeks survive a rebalance. */
  #joined({ payload: { memberAssignment } }: ConsumerGroupJoinEvent): void {
    this.#lastSignAt = Date.now();
    this.#giveUpLanes({ tell: true });
    const assigned = Object.entries(memberAssignment).map(([topic, partitions]) => ({ topic, partitions }));
    this.#consumer.pause(assigned);
    if (this.#isEnding) return;
    this.#setting.onJoined();
    const lanes = assigned.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => this.#lane(topic, partition)),
    );
    this.#lanes = new Map(lanes.map((lane) => [lane.lane, lane]));
    for (const lane of lanes) {
      // What the lane's last owner here has under way ends first: batches of a lane come one after the other.
      const before = this.#runs.get(lane.lane) ?? Promise.resolve();
      this.#runs.set(
        lane.lane,
        before.then(() => lane.run()),
      );
    }
  }

  #lane(topic: string, partition: number): AssignedLane {
    const those = [{ topic, partitions: [partition] }];
    return new AssignedLane({ topic, partition }, this.#setting, {
      pause: () => this.#consumer.pause(those),
      resumeAt: (offset) => {
        this.#consumer.seek({ topic, partition, offset: String(offset) });
        this.#consumer.resume(those);
      },
    });
  }

  /** Never throws: that would make kafkajs crash, for all lanes. */
  async #arrived(payload: EachBatchPayload): Promise<void> {
    if (!payload.isRunning() || payload.isStale()) return;
    const { batch } = payload;
    const lane = this.#lanes.get(topicLane(batch.topic, batch.partition));
    const dealtWith = lane?.take(batch);
    if (lane === undefined || dealtWith === undefined) return;
    payload.resolveOffset(batch.lastOffset());
    const patience = new AbortController();
    await Promise.race([dealtWith, timer(PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => undefined)]);
    patience.abort();
    lane.detach();
  }

  #giveUpLanes({ tell }: { readonly tell: boolean }): void {
    const lanes = this.#lanes;
    this.#lanes = new Map();
    for (const lane of lanes.values()) {
      lane.close();
      if (tell) this.#setting.reader.lost?.(lane.lane);
    }
  }

  #watch(): void {
    if (Date.now() - this.#lastSignAt > this.#silenceMs)
      this.#giveUp(`the consumer showed no sign of life for ${this.#silenceMs} ms`);
  }

  #giveUp(why: string): void {
    this.#ended.reject(new BrokerUnavailable(why, undefined));
  }
}
