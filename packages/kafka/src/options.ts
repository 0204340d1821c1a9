import { DefinitionError } from '@leftfold/core';
import type { Codec, Logger } from '@leftfold/subscriptions';
import { checkSecurity } from './security.ts';
import type { SaslOptions, TlsOptions } from './security.ts';

/** A topic this service publishes to or reads from. */
export interface TopicDeclaration {
  readonly name: string;
  /** For ever: partition = hash mod count. 1 to 10,000. */
  readonly partitions: number;
  /** The cluster's default when absent. A topic that has fewer copies is refused. */
  readonly replicationFactor?: number;
  /**
   * Given when the topic is made, e.g. `{ 'retention.ms': '-1', 'min.insync.replicas': '2' }`, and compared with what it has: fewer copies in sync or a
   * shorter retention are refused, other differences told. Never changed.
   */
  readonly config?: { readonly [name: string]: string };
}

/** Settings of {@link kafka}. */
export interface KafkaOptions {
  /** `host:port`, at least one; the others are learned from it. An IPv6 address by a name, since kafkajs takes none here. */
  readonly brokers: readonly string[];
  /** Names this service to the cluster; consumer groups are `<clientId>.<reader's name>`. Letters, digits, `.`, `_`, `-`; at most 100. */
  readonly clientId: string;
  /** What is published to and read from. */
  readonly topics: readonly TopicDeclaration[];
  /** Makes absent topics at first use. `false` by default: then an absent topic is an error that heals when somebody makes it. */
  readonly create?: boolean;
  /** How payloads look on the wire: `avro({ registry })` of `@leftfold/avro`, Confluent's wire format; or `jsonCodec()` of `@leftfold/subscriptions`, which needs no registry. */
  readonly codec: Codec;
  /** The package that speaks to the brokers. `'kafkajs'` by default; `'platformatic'` is `@platformatic/kafka`, about twice as fast. */
  readonly client?: 'kafkajs' | 'platformatic';
  /** `true`: TLS with the authorities that Node knows; or with your own authority, and a certificate of the client's. Without it nothing is encrypted. */
  readonly ssl?: boolean | TlsOptions;
  /** The user, by SCRAM or PLAIN. The password stands in no message, log or error. */
  readonly sasl?: SaslOptions;
  /**
   * How long a dead reader keeps its lanes over kafkajs: 1,000 to 300,000 ms, 10,000 by default; must lie in what the brokers allow
   * (`group.min.session.timeout.ms`). Over platformatic the follower's `leaseMs` says so. It does not bound the handling of a batch: heartbeats go on meanwhile.
   */
  readonly sessionTimeoutMs?: number;
  /** Bytes fetched from one partition at a time: 16,384 to 16,777,216, 1,048,576 by default. A batch read is at most this, or one batch as it was sent (at most 900 KB by our publisher). */
  readonly maxBatchBytes?: number;
  /**
   * Whether Kafka is told how far readers have come, as offsets of the group `<clientId>.<reader's name>`: some seconds late, for tools that show lag.
   * `true` by default. Nothing of ours reads it back, and where it fails nothing else does.
   */
  readonly commitOffsets?: boolean;
  /**
   * Worker threads to publish in: 0 to 16, 0 by default, which is the caller's own. Each has a client of its own, and the partitions p with p mod threads its
   * number. What a client costs for each record then no longer comes on top of reading and encoding it. They begin with the first publish.
   */
  readonly threads?: number;
  /** Told of what is a risk in the declared topics and no reason to stop (`LF_TOPIC_RISK`), each once. Without one it is a warning of the process. */
  readonly logger?: Logger;
}

/** Bounds of the numbers, and what stands for an absent one. */
export const LIMITS = {
  sessionTimeoutMs: { least: 1_000, most: 300_000, standard: 10_000 },
  maxBatchBytes: { least: 16_384, most: 16_777_216, standard: 1_048_576 },
  threads: { least: 0, most: 16, standard: 0 },
} as const;

const NAME = /^[A-Za-z0-9._-]+$/;

/** @throws DefinitionError `LF_OPTION_OUT_OF_RANGE`, naming the option, what it was and what it may be. */
export function checkOptions(options: KafkaOptions): void {
  // The types say it; who calls without them, or comes from a release where JSON was the default, must not publish what nobody can read.
  const { codec } = options as Partial<KafkaOptions>;
  check(
    typeof codec?.encode === 'function' && typeof codec.decode === 'function' && typeof codec.prepare === 'function',
    'codec',
    codec === undefined ? 'missing' : 'no codec',
    'avro({ registry }) of @leftfold/avro, or jsonCodec() of @leftfold/subscriptions',
  );
  check(options.brokers.length > 0, 'brokers', '[]', 'at least one host:port');
  for (const broker of options.brokers)
    check(isAddress(broker), 'brokers', 'an entry', 'host:port each, the port 1 to 65535, and no IPv6 address');
  check(
    NAME.test(options.clientId) && options.clientId.length <= 100,
    'clientId',
    options.clientId,
    'letters, digits, ".", "_", "-", 1 to 100 of them',
  );
  check(
    options.client === undefined || ['kafkajs', 'platformatic'].includes(options.client),
    'client',
    String(options.client),
    "'kafkajs' or 'platformatic'",
  );
  checkSecurity(options.ssl, options.sasl);
  // Of several @platformatic/kafka escapes the first one alone, and the cluster knows no such user.
  check(
    options.client !== 'platformatic' ||
      options.sasl?.mechanism === 'plain' ||
      !/,.*,/.test(options.sasl?.username ?? ''),
    'sasl.username',
    'one with several commas',
    "one with at most one, by SCRAM over client: 'platformatic'",
  );
  check(options.topics.length > 0, 'topics', '[]', 'at least one topic');
  const names = new Set<string>();
  for (const { name, partitions, replicationFactor } of options.topics) {
    check(
      NAME.test(name) && name.length <= 249 && !/^\.{1,2}$/.test(name),
      'topics',
      name,
      'a legal topic name: letters, digits, ".", "_", "-", at most 249',
    );
    check(!names.has(name), 'topics', name, 'each topic once');
    names.add(name);
    check(isWithin(partitions, 1, 10_000), `topics: partitions of ${name}`, partitions, '1 to 10000');
    if (replicationFactor !== undefined)
      check(
        isWithin(replicationFactor, 1, 32_767),
        `topics: replicationFactor of ${name}`,
        replicationFactor,
        '1 to 32767',
      );
  }
  for (const [option, { least, most }] of Object.entries(LIMITS)) {
    const value = options[option as keyof typeof LIMITS];
    if (value !== undefined) check(isWithin(value, least, most), option, value, `${least} to ${most}`);
  }
}

function isAddress(broker: unknown): boolean {
  const port = typeof broker === 'string' ? /^[^\s/@:[\]]+:(\d{1,5})$/.exec(broker)?.[1] : undefined;
  return port !== undefined && isWithin(Number(port), 1, 65_535);
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function check(holds: boolean, option: string, is: string | number, mayBe: string): void {
  if (!holds) throw new DefinitionError('LF_OPTION_OUT_OF_RANGE', `kafka({ ${option} }) is ${is}; it must be ${mayBe}`);
}
