import { LeftfoldError } from '@leftfold/core';

/** No broker answered, or the cluster could not do it now. Nothing is wrong with the request: the same call may succeed later. `LF_BROKER_UNAVAILABLE` */
export class BrokerUnavailable extends LeftfoldError {
  readonly code = 'LF_BROKER_UNAVAILABLE' as const;
  readonly retryable = true as const;

  constructor(what: string, cause: unknown) {
    super(
      `${what}; it is tried again. Check that the brokers run and are reachable under the addresses they advertise`,
      {
        cause,
      },
    );
  }
}

/** The cluster will not serve this client: wrong credentials, certificate or rights. Trying again changes nothing. `LF_BROKER_REFUSED` */
export class BrokerRefused extends LeftfoldError {
  readonly code = 'LF_BROKER_REFUSED' as const;
  readonly retryable = false as const;

  constructor(what: string, check: string, cause: unknown) {
    super(`${what}. Check ${check}`, { cause });
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

/** The topic is not there, or was not declared in `kafka({ topics })`. Retryable when someone may still create it. `LF_TOPIC_UNKNOWN` */
export class TopicUnknown extends LeftfoldError {
  readonly code = 'LF_TOPIC_UNKNOWN' as const;
  readonly retryable: boolean;

  constructor(topic: string, why: 'undeclared' | 'absent') {
    super(
      why === 'undeclared'
        ? `topic ${topic} is not declared; add it to topics of kafka({ topics })`
        : `topic ${topic} does not exist; create it, or set create: true in kafka({ … })`,
    );
    this.retryable = why === 'absent';
  }
}

/** The topic is there, but records would not be safe in it: compacted, under-replicated, or too small a record limit. `LF_TOPIC_UNSUITABLE` */
export class TopicUnsuitable extends LeftfoldError {
  readonly code = 'LF_TOPIC_UNSUITABLE' as const;
  readonly retryable = false as const;

  constructor(topic: string, why: string, remedy: string) {
    super(`topic ${topic} ${why}; ${remedy}`);
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
      `records for ${topic}/${partition} are refused: ${why}; mend the cause at the topic, then start the relay again`,
      { cause },
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

/** The partition ends before the saved place: the topic was deleted and made anew, or the cluster lost records. `LF_TOPIC_RECREATED` */
export class TopicRecreated extends LeftfoldError {
  readonly code = 'LF_TOPIC_RECREATED' as const;
  readonly retryable = false as const;

  constructor(lane: string, saved: bigint, high: bigint) {
    super(
      `${lane}: the saved place is offset ${saved}, but the partition ends at ${high}: the topic was deleted and made anew, or the ` +
        `cluster lost records. Rebuild this follower from the log`,
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
