import { jsonCodec } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { kafka, type KafkaOptions } from '../index.ts';
import { threadOptions } from './thread-options.ts';

const options: KafkaOptions = {
  brokers: ['localhost:9092'],
  clientId: 'orders',
  topics: [{ name: 'orders.order', partitions: 3 }],
  codec: jsonCodec(),
  threads: 2,
};

test('a thread is given what its client needs, and not what stays: codec and number of threads', () => {
  const { brokers, clientId, topics } = options;
  expect(threadOptions(options)).toEqual({ brokers, clientId, topics });
});

test('a setting that cannot go to another thread is refused by its name, without what it holds', () => {
  const hidden = { ...options, ssl: { checkServerIdentity: () => undefined, passphrase: 'hunter2' } } as KafkaOptions;
  expect(() => threadOptions(hidden)).toThrow(
    expect.objectContaining({
      code: 'LF_OPTION_OUT_OF_RANGE',
      message: expect.stringMatching(/^kafka\(\{ ssl \}\).*threads: 0/) as string,
    }),
  );
  expect(() => threadOptions(hidden)).not.toThrow(/hunter2/);
});

test('threads are 0 to 16', () => {
  for (const threads of [-1, 17, 1.5])
    expect(() => kafka({ ...options, threads })).toThrow(
      expect.objectContaining({
        code: 'LF_OPTION_OUT_OF_RANGE',
        message: expect.stringContaining('0 to 16') as string,
      }),
    );
});
