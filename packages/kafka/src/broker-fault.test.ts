import { expect, test } from 'vitest';
import { asBrokerError, brokerFault } from './broker-fault.ts';
import { TopicUnknown } from './errors.ts';

const error = (fields: { readonly [name: string]: unknown }, cause?: unknown): Error =>
  Object.assign(new Error('x', cause === undefined ? undefined : { cause }), fields);

test('the telling name is found however deep it is wrapped', () => {
  const inner = error({ name: 'KafkaJSProtocolError', type: 'MESSAGE_TOO_LARGE' });
  const wrapped = error({ name: 'KafkaJSNumberOfRetriesExceeded' }, error({ name: 'KafkaJSNonRetriableError' }, inner));
  expect(brokerFault(wrapped)).toEqual({ kind: 'content', name: 'MESSAGE_TOO_LARGE' });
  const several = error({ name: 'KafkaJSAggregateError', errors: [error({}), wrapped] });
  expect(brokerFault(several)).toEqual({ kind: 'content', name: 'MESSAGE_TOO_LARGE' });
});

test('an error that is its own cause is read once', () => {
  const circular = error({ name: 'KafkaJSProtocolError', type: 'NOT_ENOUGH_REPLICAS' });
  circular.cause = circular;
  expect(brokerFault(circular)).toEqual({ kind: 'passing', name: 'NOT_ENOUGH_REPLICAS' });
});

test.each([
  ['RECORD_LIST_TOO_LARGE', 'content'],
  ['INVALID_RECORD', 'content'],
  ['TOPIC_AUTHORIZATION_FAILED', 'access'],
  ['SASL_AUTHENTICATION_FAILED', 'access'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'access'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'access'],
  ['ECONNREFUSED', 'passing'],
  ['NOT_LEADER_FOR_PARTITION', 'passing'],
  ['UNKNOWN_TOPIC_OR_PARTITION', 'passing'],
  ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'passing'],
])('%s is %s, whatever kafkajs says of trying again', (name, kind) => {
  expect(brokerFault(error({ type: name, retriable: true })).kind).toBe(kind);
  expect(brokerFault(error({ code: name, retriable: false })).kind).toBe(kind);
});

test.each([undefined, null, 'text', {}, new Error('x')])('%s passes as a fault that may heal', (thrown) => {
  expect(brokerFault(thrown).kind).toBe('passing');
});

test('wrong credentials are told as such, without a secret', () => {
  const thrown = error({ name: 'KafkaJSSASLAuthenticationError', message: 'SASL PLAIN failed for hunter2' });
  const told = asBrokerError('publishing', thrown);
  expect(told).toMatchObject({ code: 'LF_BROKER_REFUSED', retryable: false, cause: thrown });
  expect(told.message).toContain('user name and password');
  expect(told.message).not.toContain('hunter2');
});

test('a certificate is told with what to check', () => {
  const told = asBrokerError('publishing', error({ code: 'SELF_SIGNED_CERT_IN_CHAIN', retriable: true }));
  expect(told).toMatchObject({ code: 'LF_BROKER_REFUSED', retryable: false });
  expect(told.message).toContain('ssl');
});

test('a group without a coordinator is told with the right that may be missing', () => {
  const told = asBrokerError('reading', error({ name: 'KafkaJSGroupCoordinatorNotFound' }));
  expect(told).toMatchObject({ code: 'LF_BROKER_UNAVAILABLE', retryable: true });
  expect(told.message).toContain('Read right on the group');
});

test.each([
  ['INVALID_REPLICATION_FACTOR', 'replicationFactor'],
  ['INVALID_CONFIG', 'config'],
])('a topic that cannot be made for %s is told with what to correct', (type, remedy) => {
  const told = asBrokerError('checking the topics', error({ errors: [error({ type })] }));
  expect(told.message).toContain(`(${type}; `);
  expect(told.message).toContain(remedy);
});

test('an error of ours passes unchanged', () => {
  const ours = new TopicUnknown('orders', 'absent');
  expect(asBrokerError('publishing', ours)).toBe(ours);
});
