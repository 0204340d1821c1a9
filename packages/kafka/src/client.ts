import kafkajs from 'kafkajs';
import type { Admin, Consumer, Kafka, Producer, RetryOptions } from 'kafkajs';
import { LIMITS } from './options.ts';
import type { KafkaOptions } from './options.ts';

/** A request without an answer for this long has failed. */
const REQUEST_TIMEOUT_MS = 5_000;
const CONNECTION_TIMEOUT_MS = 3_000;
/** How long the leader may wait for its in-sync replicas. Shorter than the request's own, so that the broker's answer tells why. */
export const ACK_TIMEOUT_MS = 4_000;
/** How long the broker holds back an empty answer. */
const FETCH_WAIT_MS = 250;
/**
 * All five fields, always: kafkajs takes other defaults when NODE_ENV is `test`. Few tries, because the publisher and the source do the
 * trying again themselves, where it is reported.
 */
const FEW: Required<Omit<RetryOptions, 'restartOnFailure'>> = {
  retries: 2,
  initialRetryTime: 50,
  maxRetryTime: 200,
  factor: 0.2,
  multiplier: 2,
};

/** The clients of one cluster, set as the publisher and the source need them. Each call makes a new one with connections of its own. */
export class KafkaClient {
  readonly #kafka: Kafka;
  readonly #options: KafkaOptions;

  constructor(options: KafkaOptions) {
    this.#options = options;
    this.#kafka = new kafkajs.Kafka({
      brokers: [...options.brokers],
      clientId: options.clientId,
      // What matters is told through our own ports; kafkajs would print it.
      logLevel: kafkajs.logLevel.NOTHING,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      retry: FEW,
      ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
      ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
    });
  }

  /**
   * Idempotent: a batch whose answer was lost is sent again under its number, and the broker drops it (685 doubles instead of 20,050 in half a
   * million records under faults), at no measurable cost. Doubles that remain are told by their sequence.
   */
  producer(): Producer {
    return this.#kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      // 1 is the least an idempotent producer may have.
      retry: { ...FEW, retries: 1, initialRetryTime: 30, maxRetryTime: 100 },
      // Every record names its partition; a record without one must not find a way (R8).
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? -1,
    });
  }

  consumer(groupId: string): Consumer {
    const sessionTimeout = this.#options.sessionTimeoutMs ?? LIMITS.sessionTimeoutMs.standard;
    const maxBytesPerPartition = this.#options.maxBatchBytes ?? LIMITS.maxBatchBytes.standard;
    return this.#kafka.consumer({
      groupId,
      sessionTimeout,
      heartbeatInterval: Math.floor(sessionTimeout / 5),
      rebalanceTimeout: sessionTimeout * 3,
      allowAutoTopicCreation: false,
      maxBytesPerPartition,
      maxBytes: maxBytesPerPartition * 10,
      // A resumed partition waits for the fetch under way without it, and a consumer with all partitions paused sleeps this long.
      maxWaitTimeInMs: FETCH_WAIT_MS,
      // A crashed consumer is thrown away and made anew by the source: one way for all faults, and each is reported.
      retry: { ...FEW, retries: 5, maxRetryTime: 1_000, restartOnFailure: async () => false },
    });
  }

  /** Runs `use` with an administrator that is connected for that long only: nothing of it can grow old. */
  async administer<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.#kafka.admin({ retry: FEW });
    try {
      await admin.connect();
      return await use(admin);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }
}
