/** What the definitions do not say about a service, and a contract needs. */
export interface ContractsOptions {
  /** Name of the service, as its relay says it: `ce_source` of its records. */
  readonly service: string;
  /** For people; the service's name when absent. */
  readonly title?: string;
  /** Release of the service that these contracts describe, e.g. its package's version. */
  readonly version: string;
  /** What the service is, in Markdown. */
  readonly description?: string;
  /** The very function that the log is given: where a category's public events go, `null` for nowhere. */
  readonly topic: (category: string) => string | null;
  /**
   * Categories of event types that no aggregate lists (messages that are published alone), by the type's name. By default the name up to its last dot:
   * `billing.invoice.sent` is taken to be of `billing.invoice`.
   */
  readonly categories?: { readonly [eventType: string]: readonly string[] };
  /** Of the codec that the relay writes with: `application/avro` (the default) or `application/json`. */
  readonly contentType?: string;
  /** What is known of the topics: the list that `kafka()` is given. */
  readonly topics?: readonly TopicFacts[];
  /** Where the topics are, by environment. Named in the AsyncAPI document only. */
  readonly servers?: { readonly [environment: string]: KafkaServer };
}

/** A topic as it is declared for Kafka. */
export interface TopicFacts {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor?: number;
  readonly config?: { readonly [name: string]: string };
}

/** A cluster that has the topics. No credentials: contracts are committed and handed out. */
export interface KafkaServer {
  /** `host:port` of a broker, or several after commas. */
  readonly host: string;
  /** `kafka` (the default) or `kafka-secure`. */
  readonly protocol?: 'kafka' | 'kafka-secure';
  /** Base address of the schema registry; a user and a password in it are left out. */
  readonly registryUrl?: string;
  readonly description?: string;
}
