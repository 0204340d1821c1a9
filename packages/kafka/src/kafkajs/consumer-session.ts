import type { Lane } from '@leftfold/subscriptions';
import type { Consumer, ConsumerGroupJoinEvent, EachBatchPayload } from 'kafkajs';
import { setTimeout as timer } from 'node:timers/promises';
import { BrokerUnavailable } from '../errors.ts';
import { LazyCommits } from '../lazy-commits.ts';
import type { OffsetToCommit } from '../lazy-commits.ts';
import { LaneRun } from '../lane-run.ts';
import type { LaneSetting } from '../lane-run.ts';
import { topicLane, topicOfLane } from '../topic-lane.ts';
import type { TopicPartition } from '../topic-lane.ts';
import { AssignedLane } from './assigned-lane.ts';

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
  /** Told when a batch came that nobody had asked for. */
  readonly onStray: () => void;
  /** Whether Kafka is told how far the reader has come. */
  readonly commits: boolean;
  readonly onCommitFault: (error: unknown) => void;
}
/** A lane of the present assignment. */
interface Assigned {
  readonly feed: AssignedLane;
  readonly run: LaneRun;
}

/**
 * One kafkajs consumer, from joining its group until it is asked to end or crashes. Lanes come and go with each join; each join is a new epoch, in which
 * all lanes are given anew, so nothing of an old assignment is handled on (C1). Lanes that a bounded reader does not name stay paused.
 */
export class ConsumerSession {
  readonly #consumer: Consumer;
  readonly #topics: readonly string[];
  readonly #setting: SessionSetting;
  readonly #commits: LazyCommits;
  readonly #silenceMs: number;
  readonly #ended: PromiseWithResolvers<never> = Promise.withResolvers();
  #started: Promise<void> = Promise.resolve();
  #lanes: ReadonlyMap<Lane, Assigned> = new Map();
  readonly #runs: Map<Lane, Promise<void>> = new Map();
  /** The lanes whose end has not been passed; only a bounded reader has an end. */
  readonly #unpassed: Set<Lane>;
  readonly #passed: PromiseWithResolvers<void> = Promise.withResolvers();
  #isEnding = false;
  #lastSignAt = 0;

  /**
   * @param lanes what the reader is to have, as far as is declared
   * @param silenceMs A consumer that shows no sign of life for this long is given up.
   */
  constructor(consumer: Consumer, lanes: ReadonlySet<Lane>, setting: SessionSetting, silenceMs: number) {
    this.#consumer = consumer;
    this.#topics = [...new Set([...lanes].map(topicOfLane))];
    this.#commits = new LazyCommits((offsets) => this.#commit(offsets), setting.onCommitFault);
    this.#setting = !setting.commits
      ? setting
      : { ...setting, onHandled: (at, offset) => this.#commits.handled(at, offset) };
    this.#silenceMs = silenceMs;
    this.#unpassed = new Set(lanes);
  }

  /**
   * Resolves when `signal` aborts, or when a bounded reader has everything; rejects with the reason when the consumer crashes. Then all lanes are given
   * up, but handlers may still be at work: {@link end} comes next, always. Called once.
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
      await Promise.race([aborted.promise, this.#passed.promise, this.#ended.promise]);
    } finally {
      this.#isEnding = true;
      clearInterval(watch);
      signal.removeEventListener('abort', onAbort);
      this.#giveUpLanes({ tell: !signal.aborted && this.#unpassed.size > 0 });
      // While the last handlers end, nothing more is fetched.
      this.#pause(this.#topics.map((topic) => ({ topic })));
    }
  }

  /** Waits for the last handlers, then leaves the group. A part of its own, so that a crash is told even when a handler never ends. */
  async end(): Promise<void> {
    await Promise.all(this.#runs.values());
    const late = timer(LAST_WORDS_MS, undefined, { ref: false });
    await Promise.race([this.#commits.tell(), late]);
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

  #pause(those: readonly { readonly topic: string; readonly partitions?: number[] }[]): void {
    try {
      this.#consumer.pause([...those]);
    } catch {
      // It has stopped already.
    }
  }

  async #start(): Promise<void> {
    this.#lastSignAt = performance.now();
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
    const { CRASH, FETCH_START, GROUP_JOIN, HEARTBEAT, REBALANCING, START_BATCH_PROCESS, STOP } = this.#consumer.events;
    this.#ended.promise.catch(() => undefined);
    this.#consumer.on(GROUP_JOIN, (event) => this.#joined(event));
    this.#consumer.on(CRASH, ({ payload }) => this.#ended.reject(payload.error));
    // When its disconnect fails after a crash, kafkajs stops and never says CRASH (C5).
    this.#consumer.on(STOP, () => {
      if (this.#isEnding) return;
      this.#giveUpLanes({ tell: true });
      setTimeout(() => this.#giveUp('the consumer stopped by itself'), LAST_WORDS_MS).unref();
    });
    this.#consumer.on(START_BATCH_PROCESS, ({ payload: { topic, partition, batchSize, lastOffset } }) => {
      if (batchSize === 0) this.#lanes.get(topicLane(topic, partition))?.feed.passOver(BigInt(lastOffset) + 1n);
    });
    const isAlive = (): void => void (this.#lastSignAt = performance.now());
    this.#consumer.on(REBALANCING, isAlive);
    this.#consumer.on(HEARTBEAT, isAlive);
    this.#consumer.on(FETCH_START, isAlive);
  }

  /** kafkajs runs this before the fetch loop goes on, so what is paused here is not fetched; its pauses and seeks survive a rebalance. */
  #joined({ payload: { memberAssignment } }: ConsumerGroupJoinEvent): void {
    this.#lastSignAt = performance.now();
    this.#giveUpLanes({ tell: true });
    const assigned = Object.entries(memberAssignment).map(([topic, partitions]) => ({ topic, partitions }));
    this.#consumer.pause(assigned);
    if (this.#isEnding) return;
    this.#setting.onJoined();
    const lanes = assigned
      .flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
      .filter(({ topic, partition }) => this.#setting.reader.until?.has(topicLane(topic, partition)) ?? true)
      .map((at) => this.#lane(at));
    this.#lanes = new Map(lanes.map((assignedLane) => [assignedLane.run.lane, assignedLane]));
    for (const { run } of lanes) {
      // What the lane's last owner here has under way ends first: batches of a lane come one after the other.
      const before = this.#runs.get(run.lane) ?? Promise.resolve();
      this.#runs.set(
        run.lane,
        before.then(() => this.#run(run)),
      );
    }
  }

  #lane(at: TopicPartition): Assigned {
    const those = [{ topic: at.topic, partitions: [at.partition] }];
    const feed = new AssignedLane(at, {
      pause: () => this.#pause(those),
      resumeAt: (offset) => {
        this.#consumer.seek({ ...at, offset: String(offset) });
        this.#consumer.resume(those);
      },
      onStray: this.#setting.onStray,
    });
    return { feed, run: new LaneRun(at, this.#setting, feed) };
  }

  async #run(lane: LaneRun): Promise<void> {
    if (!(await lane.run())) return;
    this.#unpassed.delete(lane.lane);
    if (this.#unpassed.size === 0) this.#passed.resolve();
  }

  /** Never throws: that would make kafkajs crash, for all lanes. */
  async #arrived(payload: EachBatchPayload): Promise<void> {
    if (!payload.isRunning() || payload.isStale()) return;
    const { batch } = payload;
    const feed = this.#lanes.get(topicLane(batch.topic, batch.partition))?.feed;
    const dealtWith = feed?.take(batch);
    if (feed === undefined || dealtWith === undefined) return;
    payload.resolveOffset(batch.lastOffset());
    const patience = new AbortController();
    await Promise.race([dealtWith, timer(PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => undefined)]);
    patience.abort();
    feed.detach();
  }

  #giveUpLanes({ tell }: { readonly tell: boolean }): void {
    const lanes = this.#lanes;
    this.#lanes = new Map();
    for (const [name, { run: lane }] of lanes) {
      lane.close();
      if (tell) this.#commits.forget(name);
      if (tell) this.#setting.reader.lost?.(name);
    }
  }

  /** As a member of the group: what a zombie says of its generation the brokers refuse. */
  async #commit(offsets: readonly OffsetToCommit[]): Promise<void> {
    await this.#consumer.commitOffsets(offsets.map((each) => ({ ...each, offset: String(each.offset) })));
  }

  #watch(): void {
    if (performance.now() - this.#lastSignAt > this.#silenceMs)
      this.#giveUp(`the consumer showed no sign of life for ${this.#silenceMs} ms`);
  }

  #giveUp(why: string): void {
    this.#ended.reject(new BrokerUnavailable(why, undefined));
  }
}
