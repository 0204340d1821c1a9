import { LeftfoldError } from '@leftfold/core';
import { BrokerRefused, BrokerUnavailable } from './errors.ts';

/**
 * `content`: the broker will never take these records. `access`: credentials, certificate or rights. `passing`: anything else; it may heal.
 */
export type FaultKind = 'content' | 'access' | 'passing';

const CONTENT = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'POLICY_VIOLATION',
]);
const SASL =
  /^(SASL_AUTHENTICATION_FAILED|UNSUPPORTED_SASL_MECHANISM|ILLEGAL_SASL_STATE|KafkaJSSASLAuthenticationError)$/;
const RIGHTS = /_AUTHORIZATION_FAILED$/;
// As Node names them. kafkajs marks all of them retriable, so its own flag is not asked.
const TLS = /^(SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|UNABLE_TO_(GET|VERIFY|DECRYPT)|CERT_|ERR_TLS_|ERR_SSL_)/;
// What a missing certificate setting or a missing right looks like through kafkajs: not certain enough to give up, so only said.
const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /^(ECONNRESET|KafkaJSConnectionClosedError)$/,
    'the connection was cut; that is what one sees, too, when only one side has TLS (ssl)',
  ],
  [
    /^KafkaJSGroupCoordinatorNotFound$/,
    'no coordinator for the consumer group: a missing Read right on the group looks the same',
  ],
  [
    /^INVALID_REPLICATION_FACTOR$/,
    'a topic to be made asks for more copies than there are brokers: lower its replicationFactor, or start brokers',
  ],
  [/^INVALID_CONFIG$/, 'a topic to be made has a setting the brokers do not take: correct its config'],
];

/** What is known of an error of kafkajs: its kind, and the most telling name in it (`MESSAGE_TOO_LARGE`, `ECONNREFUSED`, …). */
export interface BrokerFault {
  readonly kind: FaultKind;
  readonly name: string;
}

/** Reads an error of kafkajs, with all it wraps: the telling one is often three causes deep, or one of several in `errors`. */
export function brokerFault(error: unknown): BrokerFault {
  const names = [...tellingNames(error)];
  const content = names.find((name) => CONTENT.has(name));
  if (content !== undefined) return { kind: 'content', name: content };
  const access = names.find((name) => SASL.test(name) || RIGHTS.test(name) || TLS.test(name));
  if (access !== undefined) return { kind: 'access', name: access };
  // A protocol or system name says more than the class that wraps it.
  return { kind: 'passing', name: names.find((name) => /^[A-Z0-9_]+$/.test(name)) ?? names.at(-1) ?? 'unknown' };
}

/**
 * The same fault as one of ours. An error of ours passes unchanged.
 * @param doing What was tried, as the first words of the message: `reading from orders/3`.
 */
export function asBrokerError(doing: string, error: unknown): LeftfoldError {
  if (error instanceof LeftfoldError) return error;
  const { kind, name } = brokerFault(error);
  if (kind !== 'access') {
    const hint = [...tellingNames(error)]
      .map((each) => HINTS.find(([pattern]) => pattern.test(each))?.[1])
      .find(Boolean);
    return new BrokerUnavailable(`${doing} failed (${name}${hint === undefined ? '' : `; ${hint}`})`, error);
  }
  if (SASL.test(name))
    return new BrokerRefused(
      `${doing} failed: the cluster refused the credentials (${name})`,
      'mechanism, user name and password in sasl',
      error,
    );
  if (TLS.test(name))
    return new BrokerRefused(
      `${doing} failed: the TLS connection was refused (${name})`,
      'ssl: the authority that signed the brokers’ certificate, and that their host names stand in it',
      error,
    );
  return new BrokerRefused(
    `${doing} failed: this user has not the right (${name})`,
    'the rights: Describe and DescribeConfigs on the topics; Write to publish; Read on topics and group to consume; Create with create: true',
    error,
  );
}

/** Names in an error and all it wraps, outermost first: protocol types, system codes, classes. */
function* tellingNames(error: unknown, seen: Set<unknown> = new Set()): Generator<string> {
  if (typeof error !== 'object' || error === null || seen.has(error)) return;
  seen.add(error);
  const { type, code, name, cause, errors } = error as { [field: string]: unknown };
  for (const each of [type, code, name]) if (typeof each === 'string' && each !== 'UNKNOWN') yield each;
  if (Array.isArray(errors)) for (const each of errors) yield* tellingNames(each, seen);
  yield* tellingNames(cause, seen);
}
