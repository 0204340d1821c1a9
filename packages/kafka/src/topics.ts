import type { LeftfoldError } from '@leftfold/core';
import { setTimeout as pause } from 'node:timers/promises';
import { asBrokerError, brokerFault, isCut } from './broker-fault.ts';
import type { FoundTopic, KafkaClient } from './client.ts';
import { probeConnection } from './connection-probe.ts';
import { PartitionCountChanged, TopicNotMade, TopicsUnfit, TopicUnknown } from './errors.ts';
import { limited } from './limited.ts';
import type { KafkaOptions, TopicDeclaration } from './options.ts';
import { TIME_LIMITS } from './time-limits.ts';
import { CHECKED_SETTINGS, topicProblems, topicRisks } from './topic-fitness.ts';

/** What the publisher must know of a topic. */
export interface TopicFacts {
  readonly partitions: number;
  /** Of one record batch, header included. */
  readonly maxBatchBytes: number;
  /** Why nothing can be sent to it now. */
  readonly problem?: LeftfoldError;
}
/** What was found of a topic: how it is, if it is there, and everything that is wrong with it. */
interface Finding {
  readonly topic: TopicDeclaration;
  readonly seen?: FoundTopic;
  readonly problems: readonly LeftfoldError[];
}
type Findings = ReadonlyMap<string, Finding>;

/** A reader that comes again within this time, as after a rebalance, is not worth another look. */
const FRESH_MS = 5_000;
/** How long brokers are given to hear of a topic that was made. */
const HEARD_TRIES = 20;
const HEARD_PAUSE_MS = 50;

/** The declared topics, and whether the cluster has them as declared. */
export class Topics {
  readonly declared: readonly TopicDeclaration[];
  readonly #client: KafkaClient;
  readonly #options: KafkaOptions;
  readonly #settings: readonly string[];
  readonly #warned: Set<string> = new Set();
  #survey: { readonly at: number; readonly findings: Promise<Findings> } | undefined;

  constructor(client: KafkaClient, options: KafkaOptions) {
    this.#client = client;
    this.#options = options;
    this.declared = options.topics;
    const named = options.topics.flatMap(({ config = {} }) => Object.keys(config));
    this.#settings = [...new Set([...CHECKED_SETTINGS, ...named])];
  }

  /**
   * What a reader needs, which reads all of them: makes absent topics when allowed, compares all, now or some seconds ago. May be called concurrently, also
   * by several processes.
   * @throws {@link TopicUnknown} `LF_TOPIC_UNKNOWN`, TopicUnsuitable `LF_TOPIC_UNSUITABLE`, {@link PartitionCountChanged}
   *   `LF_PARTITION_COUNT_CHANGED`, {@link TopicNotMade} `LF_TOPIC_NOT_MADE`; {@link TopicsUnfit} `LF_TOPICS_UNFIT` where several things are wrong;
   *   BrokerUnavailable `LF_BROKER_UNAVAILABLE`, BrokerRefused `LF_BROKER_REFUSED`
   */
  async check(): Promise<void> {
    const problems = [...(await this.#surveyed(FRESH_MS)).values()].flatMap((finding) => finding.problems);
    if (problems.length === 0) return;
    // Who comes again is to see whether they are mended.
    this.#survey = undefined;
    throw together(problems, []);
  }

  /**
   * What a publisher needs before the first record to one topic, and after a fault: that one is compared. Others with problems keep nobody from publishing;
   * they are warned of at the first call, and named where this one has a problem, too.
   * @throws like {@link check}
   */
  async recheck(name: string): Promise<TopicFacts> {
    const topic = this.declaration(name);
    const survey = this.#survey === undefined ? await this.#surveyed(FRESH_MS) : undefined;
    const own = (survey ?? (await this.#find([topic]))).get(name) as Finding;
    const others = async (): Promise<LeftfoldError[]> =>
      [...(survey ?? (await this.#surveyed(FRESH_MS))).values()].flatMap((other) =>
        other.topic === topic ? [] : other.problems,
      );
    if (own.problems.length > 0) throw together(own.problems, await others());
    if (survey !== undefined) for (const { message } of await others()) this.#warn(message);
    return topicFacts(own);
  }

  /**
   * What a publisher must know of topics, now. What is not safe any more holds nobody up in the midst, copies come and go while replicas are moved; what does
   * not pass by itself, as a limit that was lowered, is warned of: the next start will not do with it.
   */
  async facts(): Promise<ReadonlyMap<string, TopicFacts>> {
    const found = await this.#find(this.declared);
    const facts = new Map([...found].map(([name, finding]) => [name, topicFacts(finding)]));
    for (const [name, { problems }] of found)
      for (const { retryable, message } of facts.get(name)?.problem === undefined ? problems : [])
        if (!retryable) this.#warn(message);
    return facts;
  }

  /** @throws {@link TopicUnknown} `LF_TOPIC_UNKNOWN` when it is not declared */
  declaration(name: string): TopicDeclaration {
    const topic = this.declared.find((each) => each.name === name);
    if (topic === undefined) throw new TopicUnknown(name, 'undeclared');
    return topic;
  }

  /** All topics, not longer ago than this. One look at a time; one that failed as a whole is forgotten. */
  #surveyed(freshMs: number): Promise<Findings> {
    if (this.#survey !== undefined && performance.now() - this.#survey.at < freshMs) return this.#survey.findings;
    const findings = this.#find(this.declared);
    const survey = { at: performance.now(), findings };
    this.#survey = survey;
    findings.catch(() => {
      if (this.#survey === survey) this.#survey = undefined;
    });
    return findings;
  }

  async #find(topics: readonly TopicDeclaration[]): Promise<Findings> {
    const doing = topics.length === 1 ? `checking topic ${topics[0]?.name}` : 'checking the topics';
    try {
      const { found, refused } = await this.#ask(topics);
      if (this.#options.create === true) await this.#makeAbsent(topics, found, refused);
      return new Map(topics.map((topic) => [topic.name, this.#finding(topic, found, refused)]));
    } catch (error) {
      throw await this.#explained(doing, error);
    }
  }

  /** Puts what was made into `found`, and why one was not into `refused`. */
  async #makeAbsent(
    topics: readonly TopicDeclaration[],
    found: Map<string, FoundTopic>,
    refused: Map<string, LeftfoldError>,
  ): Promise<void> {
    const isAbsent = ({ name }: TopicDeclaration): boolean => !found.has(name) && !refused.has(name);
    for (const topic of topics.filter(isAbsent))
      await this.#make(topic).catch((error: unknown) => refused.set(topic.name, error as LeftfoldError));
    // The broker that is asked may not have heard of it yet, when another process made it a moment ago.
    for (let tries = 1; topics.some(isAbsent) && tries <= HEARD_TRIES; tries++) {
      if (tries > 1) await pause(HEARD_PAUSE_MS);
      const made = await this.#ask(topics.filter(isAbsent));
      for (const [name, topic] of made.found) found.set(name, topic);
      for (const [name, error] of made.refused) refused.set(name, error);
    }
  }

  #finding(
    topic: TopicDeclaration,
    found: ReadonlyMap<string, FoundTopic>,
    refused: ReadonlyMap<string, LeftfoldError>,
  ): Finding {
    const seen = found.get(topic.name);
    if (seen === undefined)
      return { topic, problems: [refused.get(topic.name) ?? new TopicUnknown(topic.name, 'absent')] };
    const problems = topicProblems(topic, seen);
    if (problems.length === 0) for (const risk of topicRisks(topic, seen)) this.#warn(risk);
    return { topic, seen, problems };
  }

  /** A missing right on one of them is that one's problem: then each is asked for by itself. */
  async #ask(topics: readonly TopicDeclaration[]): Promise<{
    readonly found: Map<string, FoundTopic>;
    readonly refused: Map<string, LeftfoldError>;
  }> {
    const names = topics.map(({ name }) => name);
    const refused = new Map<string, LeftfoldError>();
    try {
      return { found: new Map(await limited(this.#client.topics(names, this.#settings), TIME_LIMITS)), refused };
    } catch (error) {
      if (brokerFault(error).name !== 'TOPIC_AUTHORIZATION_FAILED') throw error;
    }
    const found = new Map<string, FoundTopic>();
    for (const name of names) {
      try {
        for (const [, topic] of await limited(this.#client.topics([name], this.#settings), TIME_LIMITS))
          found.set(name, topic);
      } catch (error) {
        if (brokerFault(error).name !== 'TOPIC_AUTHORIZATION_FAILED') throw error;
        refused.set(name, asBrokerError(`checking topic ${name}`, error));
      }
    }
    return { found, refused };
  }

  /** Rejects with what concerns this topic; also when another process makes it at the same moment it resolves. */
  async #make(topic: TopicDeclaration): Promise<void> {
    try {
      await limited(this.#client.create(topic), TIME_LIMITS);
    } catch (error) {
      const { kind, name } = brokerFault(error);
      if (kind === 'access') throw asBrokerError(`making topic ${topic.name}`, error);
      throw new TopicNotMade(topic.name, name, error);
    }
  }

  /** A connection that the other side closes says nothing of why; then the listener itself is looked at. */
  async #explained(doing: string, error: unknown): Promise<LeftfoldError> {
    const refusal = isCut(error) ? await probeConnection(this.#options) : undefined;
    return asBrokerError(doing, refusal ?? error);
  }

  /** Each sentence once. */
  #warn(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    const { logger } = this.#options;
    if (logger === undefined) process.emitWarning(message, { type: 'LeftfoldWarning', code: 'LF_TOPIC_RISK' });
    else logger.warn(message, { code: 'LF_TOPIC_RISK' });
  }
}

/** A changed count is a problem also in the midst: keys would move. */
function topicFacts({ topic: { name, partitions }, seen, problems }: Finding): TopicFacts {
  if (seen === undefined) return { partitions, maxBatchBytes: Infinity, problem: problems[0] as LeftfoldError };
  const { copies, config } = seen;
  const changed = copies.length === partitions ? undefined : new PartitionCountChanged(name, partitions, copies.length);
  return { partitions, maxBatchBytes: Number(config.get('max.message.bytes')), ...(changed && { problem: changed }) };
}

/** One problem is itself. Whether it may heal is told by the first ones alone. */
function together(own: readonly LeftfoldError[], others: readonly LeftfoldError[]): LeftfoldError {
  const [first] = own;
  return own.length + others.length === 1 && first !== undefined ? first : new TopicsUnfit(own, others);
}
