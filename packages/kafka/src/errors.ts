import { LeftfoldError } from '@leftfold/core';
import { bareCause } from './bare-cause.ts';

/** No broker answered, or the cluster could not do it now. Nothing is wrong with the request: the same call may succeed later. `LF_BROKER_UNAVAILABLE` */
export class BrokerUnavailable extends LeftfoldError {
  readonly code = 'LF_BROKER_UNAVAILABLE' as const;
  readonly retryable = true as const;

  constructor(what: string, cause: unknown) {
    super(
      `${what}; it is tried again. Check that the brokers run and are reachable under the addresses they advertise`,
      { cause: bareCause(cause) },
    );
  }
}

/** The cluster will not serve this client: wrong credentials, certificate or rights. Trying again changes nothing, so nobody does. `LF_BROKER_REFUSED` */
export class BrokerRefused extends LeftfoldError {
  readonly code = 'LF_BROKER_REFUSED' as const;
  readonly retryable = false as const;

  constructor(what: string, check: string, cause: unknown) {
    super(`${what}. Check ${check}. It is not tried again: mend it, then start the process again`, {
      cause: bareCause(cause),
    });
  }
}

/** The password function of `sasl` failed. Its error's message may hold anything, and is left out. `LF_PASSWORD_UNAVAILABLE` */
export class PasswordUnavailable extends LeftfoldError {
  readonly code = 'LF_PASSWORD_UNAVAILABLE' as const;
  readonly retryable = true as const;

  constructor(error: unknown) {
    super(
      `the password function of sasl failed (${error instanceof Error ? error.name : typeof error}); it is asked again. See what it asks`,
    );
  }
}

/** The installed kafkajs is not the one whose internals the safe publisher and source rest on. `LF_KAFKAJS_UNSUPPORTED` */
export class KafkajsUnsupported extends LeftfoldError {
  readonly code = 'LF_KAFKAJS_UNSUPPORTED' as const;
  readonly retryable = false as const;

  constructor(found: string) {
    super(
      `@leftfold/kafka was proved with kafkajs 2.2.4 alone, found ${found}; remove the override that brings another one`,
    );
  }
}

/** The installed @platformatic/kafka is not the one whose behaviour under faults was proved. `LF_PLATFORMATIC_UNSUPPORTED` */
export class PlatformaticUnsupported extends LeftfoldError {
  readonly code = 'LF_PLATFORMATIC_UNSUPPORTED' as const;
  readonly retryable = false as const;

  constructor(found: string) {
    super(
      `@leftfold/kafka was proved with @platformatic/kafka 2.12.1 alone, found version ${found}; remove the override that brings another one`,
    );
  }
}

/** The topic is not there, or was not declared in `kafka({ topics })`. Retryable when someone may still create it. `LF_TOPIC_UNKNOWN` */
export class TopicUnknown extends LeftfoldError {
  readonly code = 'LF_TOPIC_UNKNOWN' as const;
  readonly retryable: boolean;

  constructor(topic: string, why: 'undeclared' | 'absent') {
    super(
      why === 'undeclared'
        ? `topic ${topic} is not declared; add it to topics of kafka({ topics }), or route its category elsewhere with topic of the storage (null: to no topic)`
        : `topic ${topic} does not exist; create it, or set create: true in kafka({ … })`,
    );
    this.retryable = why === 'absent';
  }
}

/** The topic is there, but records would not be safe in it: compacted, under-replicated, kept too short, or too small a record limit. `LF_TOPIC_UNSUITABLE` */
export class TopicUnsuitable extends LeftfoldError {
  readonly code = 'LF_TOPIC_UNSUITABLE' as const;
  /** Copies come and go while replicas are moved: then it is looked at again. */
  readonly retryable: boolean;

  constructor(topic: string, why: string, remedy: string, passes = false) {
    super(`topic ${topic} ${why}; ${remedy}`);
    this.retryable = passes;
  }
}

const NOT_MADE: { readonly [name: string]: string } = {
  INVALID_REPLICATION_FACTOR:
    'it asks for more copies than there are brokers: lower its replicationFactor, or start brokers',
  INVALID_CONFIG: 'it has a setting that the brokers do not take: correct its config',
  POLICY_VIOLATION: 'a policy of the cluster forbids it: ask who runs the cluster',
};

/** A topic was to be made (`create: true`) and was not. Retryable unless the declaration itself is refused. `LF_TOPIC_NOT_MADE` */
export class TopicNotMade extends LeftfoldError {
  readonly code = 'LF_TOPIC_NOT_MADE' as const;
  readonly retryable: boolean;

  constructor(topic: string, name: string, cause: unknown) {
    super(`topic ${topic} could not be made (${name}): ${NOT_MADE[name] ?? 'it is tried again'}`, {
      cause: bareCause(cause),
    });
    this.retryable = name !== 'INVALID_CONFIG' && name !== 'POLICY_VIOLATION';
  }
}

/** Several things are wrong with the declared topics: each is in `errors`, and in the message. `LF_TOPICS_UNFIT` */
export class TopicsUnfit extends LeftfoldError {
  readonly code = 'LF_TOPICS_UNFIT' as const;
  readonly retryable: boolean;
  readonly errors: readonly LeftfoldError[];

  /** @param own decide whether it may heal; @param others are told besides */
  constructor(own: readonly LeftfoldError[], others: readonly LeftfoldError[]) {
    const errors = [...own, ...others];
    super(`${errors.length} things are wrong with the topics: ${errors.map(({ message }) => message).join(' · ')}`);
    this.retryable = own.every(({ retryable }) => retryable);
    this.errors = errors;
  }
}

/** The topic has another number of partitions than declared: keys would move between partitions and lose their order. `LF_PARTITION_COUNT_CHANGED` */
export class PartitionCountChanged extends LeftfoldError {
  readonly code = 'LF_PARTITION_COUNT_CHANGED' as const;
  readonly retryable = false as const;
  readonly declared: number;
  readonly found: number;

  constructor(topic: string, declared: number, found: number) {
    super(
      `topic ${topic} has ${found} partitions, declared are ${declared}; a topic's count must never change: ` +
        `correct the declaration if it never fitted, otherwise publish to a new topic`,
    );
    this.declared = declared;
    this.found = found;
  }
}

/** A record names a partition its topic does not have. It was not sent: kafkajs drops such records without a word. `LF_PARTITION_UNKNOWN` */
export class PartitionUnknown extends LeftfoldError {
  readonly code = 'LF_PARTITION_UNKNOWN' as const;
  readonly retryable = false as const;

  constructor(topic: string, partition: number, count: number) {
    super(`topic ${topic} has partitions 0 to ${count - 1}, a record names ${partition}; ask partitions() again`);
  }
}

/** The same records will never be taken: too large, empty, or refused by the broker for what they are. `LF_RECORD_REFUSED` */
export class RecordRefused extends LeftfoldError {
  readonly code = 'LF_RECORD_REFUSED' as const;
  readonly retryable = false as const;

  constructor(topic: string, partition: number, why: string, cause?: unknown) {
    super(
      `records for ${topic}/${partition} are refused: ${why}; mend the cause at the topic, then redrive what is withheld`,
      { cause: bareCause(cause) },
    );
  }
}

/** The broker's answer left this partition out: whether the records were written is not known. `LF_ANSWER_INCOMPLETE` */
export class AnswerIncomplete extends LeftfoldError {
  readonly code = 'LF_ANSWER_INCOMPLETE' as const;
  readonly retryable = true as const;

  constructor(lane: string) {
    super(`the answer of the brokers leaves out ${lane}; the records are sent again by a new producer`);
  }
}

/** `publish` was called while another one was pending. Nothing of this call was sent. `LF_PUBLISH_CONCURRENT` */
export class PublishConcurrent extends LeftfoldError {
  readonly code = 'LF_PUBLISH_CONCURRENT' as const;
  readonly retryable = false as const;

  constructor() {
    super('a publisher takes one publish at a time; await it, or make a publisher for each lane');
  }
}

/** The publisher was closed. Nothing of this call was sent. `LF_PUBLISHER_CLOSED` */
export class PublisherClosed extends LeftfoldError {
  readonly code = 'LF_PUBLISHER_CLOSED' as const;
  readonly retryable = false as const;

  constructor() {
    super('this publisher is closed; make another one with broker.publisher()');
  }
}

/** A thread that published ended before it answered, or could not begin: what was handed to it may be written or not. `LF_PUBLISH_THREAD_LOST` */
export class PublishThreadLost extends LeftfoldError {
  readonly code = 'LF_PUBLISH_THREAD_LOST' as const;
  readonly retryable = true as const;

  constructor(why: unknown) {
    super(
      `a publishing thread ended, or could not begin (${why instanceof Error ? why.message : `code ${String(why)}`}); the records are sent again by a new one. Where this comes again and again, set threads: 0 to see what ends it`,
      { cause: bareCause(why) },
    );
  }
}

/** Records after the saved place were deleted before they were read: reading on would skip them. `LF_RETENTION_PASSED` */
export class RetentionPassed extends LeftfoldError {
  readonly code = 'LF_RETENTION_PASSED' as const;
  readonly retryable = false as const;

  constructor(lane: string, wanted: string, found: string) {
    super(
      `${lane}: ${wanted} is needed, but the topic begins at ${found}: retention has removed what lies between. ` +
        `Rebuild this follower from the log, and keep topics longer than any follower is away`,
    );
  }
}

/** The saved place is none of this topic: it was deleted and made anew, or the cluster lost records. `LF_TOPIC_RECREATED` */
export class TopicRecreated extends LeftfoldError {
  readonly code = 'LF_TOPIC_RECREATED' as const;
  readonly retryable = false as const;

  constructor(lane: string, why: string) {
    super(
      `${lane}: ${why}: the topic was deleted and made anew, or the cluster lost records. Rebuild this follower from the log`,
    );
  }
}

/** Records came from another place than the one asked for. They were not handled; the place is sought again. `LF_FETCH_MISPLACED` */
export class FetchMisplaced extends LeftfoldError {
  readonly code = 'LF_FETCH_MISPLACED' as const;
  readonly retryable = true as const;

  constructor(lane: string, wanted: bigint, fetched: bigint) {
    super(`${lane}: offset ${wanted} was asked for, ${fetched} was fetched; nothing of it was handled`);
  }
}
