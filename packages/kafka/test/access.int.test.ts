import { expect, test } from 'vitest';
import { kafka } from '../src/index.ts';
import { CheckpointReader, follow } from './checkpoint-reader.ts';
import { relayed } from './relayed-records.ts';
import { newTopic } from './test-cluster.ts';

const secret = 'hunter2-7f3a';

test('credentials the cluster does not take: refused, the reader ends, no secret is told', async () => {
  const options = newTopic(1, { sasl: { mechanism: 'plain', username: 'relay', password: secret } });
  const broker = kafka(options);
  const publisher = await broker.publisher();
  const [outcome] = await publisher.publish([relayed(options.topic, 0, 1)]);
  expect(outcome).toMatchObject({
    kind: 'notWritten',
    refused: false,
    cause: { code: 'LF_BROKER_REFUSED', retryable: false },
  });
  const ended: unknown = await follow(broker.source, new CheckpointReader('refused')).ended.catch(
    (error: unknown) => error,
  );
  expect(ended).toMatchObject({ code: 'LF_BROKER_REFUSED' });
  expect(`${String(ended)} ${broker.description}`).not.toContain(secret);
  await publisher.close();
});

test('TLS to a listener that has none is told with what to check', async () => {
  const options = newTopic(1, { ssl: true });
  const publisher = await kafka(options).publisher();
  const error: unknown = await publisher.partitions(options.topic).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'LF_BROKER_UNAVAILABLE', message: expect.stringContaining('ssl') as unknown });
  await publisher.close();
});
