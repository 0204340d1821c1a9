import { jsonCodec } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { checkOptions } from './options.ts';

const good = {
  brokers: ['localhost:9092'],
  clientId: 'orders',
  topics: [{ name: 'orders', partitions: 6 }],
  codec: jsonCodec(),
};

test('the least that is needed is taken', () => {
  expect(() => checkOptions(good)).not.toThrow();
});

test.each([
  ['brokers', { brokers: [] }],
  ['brokers', { brokers: ['localhost'] }],
  ['brokers', { brokers: ['localhost:0'] }],
  ['brokers', { brokers: ['localhost:65536'] }],
  // kafkajs takes "[" for the host, the other client the whole of "::1:9092".
  ['brokers', { brokers: ['[::1]:9092'] }],
  ['brokers', { brokers: ['::1:9092'] }],
  ['clientId', { clientId: 'a b' }],
  ['topics', { topics: [] }],
  ['topics', { topics: [{ name: 'a/b', partitions: 1 }] }],
  [
    'topics',
    {
      topics: [
        { name: 'a', partitions: 1 },
        { name: 'a', partitions: 1 },
      ],
    },
  ],
  ['partitions', { topics: [{ name: 'a', partitions: 0 }] }],
  ['replicationFactor', { topics: [{ name: 'a', partitions: 1, replicationFactor: 1.5 }] }],
  ['sessionTimeoutMs', { sessionTimeoutMs: 10 }],
  ['maxBatchBytes', { maxBatchBytes: 1 }],
])('%s outside its bounds is refused, named and with what it may be', (option, changed) => {
  expect(() => checkOptions({ ...good, ...changed })).toThrow(
    expect.objectContaining({ code: 'LF_OPTION_OUT_OF_RANGE', message: expect.stringContaining(option) as unknown }),
  );
});

test.each([
  ['missing', undefined],
  ['null', null],
  ['no codec', {}],
])('a codec that is %s is refused, naming both ways to have one', (_, codec) => {
  const message: unknown = expect.stringMatching(/avro\(\{ registry \}\).*jsonCodec\(\)/);
  expect(() => checkOptions({ ...good, codec: codec as never })).toThrow(
    expect.objectContaining({ code: 'LF_OPTION_OUT_OF_RANGE', message }),
  );
});

const sasl = { mechanism: 'scram-sha-512', username: 'CN=a,OU=b,O=c', password: 'x' } as const;

test('a name that @platformatic/kafka would not send as it is, is refused for that client alone', () => {
  const named = (client: 'kafkajs' | 'platformatic', mechanism: 'plain' | 'scram-sha-512') => () =>
    checkOptions({ ...good, client, sasl: { ...sasl, mechanism } });
  expect(named('platformatic', 'scram-sha-512')).toThrow(expect.objectContaining({ code: 'LF_OPTION_OUT_OF_RANGE' }));
  expect(named('platformatic', 'plain')).not.toThrow();
  expect(named('kafkajs', 'scram-sha-512')).not.toThrow();
});

test('what is wrong with a broker address is said without the address, which may hold a password', () => {
  expect(() => checkOptions({ ...good, brokers: ['user:hunter2@host:9092'] })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('hunter2') as unknown }),
  );
});
