import { inspect } from 'node:util';
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
  ['CERT_HAS_EXPIRED', 'access'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'access'],
  ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'access'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', 'access'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'access'],
  ['UNSUPPORTED_SASL_MECHANISM', 'access'],
  ['ILLEGAL_SASL_STATE', 'access'],
  ['GROUP_AUTHORIZATION_FAILED', 'access'],
  ['CLUSTER_AUTHORIZATION_FAILED', 'access'],
  // A line that is bad for a moment brings these about, too.
  ['ERR_TLS_HANDSHAKE_TIMEOUT', 'passing'],
  ['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'passing'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'passing'],
  ['PLT_KFK_NETWORK', 'passing'],
  ['ECONNREFUSED', 'passing'],
  ['NOT_LEADER_FOR_PARTITION', 'passing'],
  ['UNKNOWN_TOPIC_OR_PARTITION', 'passing'],
  ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'passing'],
])('%s is %s, whatever a client says of trying again', (name, kind) => {
  expect(brokerFault(error({ type: name, retriable: true })).kind).toBe(kind);
  expect(brokerFault(error({ apiId: name, canRetry: true })).kind).toBe(kind);
  expect(brokerFault(error({ code: name, retriable: false })).kind).toBe(kind);
});

test.each([undefined, null, 'text', {}, new Error('x')])('%s passes as a fault that may heal', (thrown) => {
  expect(brokerFault(thrown).kind).toBe('passing');
});

test('wrong credentials are told as such, four levels deep under errors that may be tried again', () => {
  const answer = error({ code: 'PLT_KFK_RESPONSE', errors: [error({ apiId: 'SASL_AUTHENTICATION_FAILED' })] });
  const ended = error({ code: 'PLT_KFK_AUTHENTICATION', canRetry: false }, answer);
  const wrapped = error({ errors: [error({ code: 'PLT_KFK_NETWORK', canRetry: true }, ended)] });
  const told = asBrokerError('publishing', wrapped);
  expect(told).toMatchObject({ code: 'LF_BROKER_REFUSED', retryable: false });
  expect(told.message).toContain('Check user name and password');
});

test('an authentication that a cut connection ended is tried again', () => {
  const closed = error({ code: 'PLT_KFK_NETWORK', canRetry: true });
  const ended = error({ code: 'PLT_KFK_AUTHENTICATION', canRetry: false }, closed);
  expect(asBrokerError('publishing', error({ errors: [ended] }))).toMatchObject({
    code: 'LF_BROKER_UNAVAILABLE',
    message: expect.stringContaining('the connection was cut') as unknown,
  });
});

test('a broker that is not there is not said to have cut the connection', () => {
  const refused = error({ code: 'PLT_KFK_NETWORK' }, error({ code: 'ECONNREFUSED' }));
  expect(asBrokerError('publishing', error({ errors: [refused] })).message).toMatch(
    /failed \(ECONNREFUSED\); it is tried/,
  );
});

test('of an error’s cause its texts and codes are kept, and nothing that a client hangs on it', () => {
  const inner = error({
    code: 'PLT_KFK_PROTOCOL',
    apiId: 'SASL_AUTHENTICATION_FAILED',
    response: { password: 'hunter2' },
  });
  const thrown = error({ errors: [inner], config: { sasl: { password: 'hunter2' } } }, inner);
  const told = asBrokerError('publishing', thrown);
  expect(told.cause).toMatchObject({
    message: 'x',
    errors: [{ code: 'PLT_KFK_PROTOCOL', apiId: inner['apiId' as never] }],
  });
  expect(inspect(told, { depth: Infinity, showHidden: true })).not.toContain('hunter2');
  expect(inspect(thrown, { depth: Infinity })).toContain('hunter2');
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

test('an error of ours passes unchanged, also from within a client’s', () => {
  const ours = new TopicUnknown('orders', 'absent');
  expect(asBrokerError('publishing', ours)).toBe(ours);
  expect(asBrokerError('publishing', error({}, error({ errors: [ours] })))).toBe(ours);
});
