import { expect, test } from 'vitest';
import { PublishThread } from './publish-thread.ts';
import type { ThreadOptions } from './thread-messages.ts';

test('R5 a thread that cannot begin leaves its partitions unknown, each time it is asked, and closing it waits for nothing', async () => {
  // No thread begins with what cannot be cloned; so it is where the system has none to give.
  const options = { brokers: ['localhost:9'], clientId: 'orders', topics: [], ssl: { pskCallback: () => null } };
  const thread = new PublishThread(options as unknown as ThreadOptions);
  const record = { topic: 'orders', partition: 2, key: 'k', value: Buffer.from('{}'), headers: { lf: '{}' } };
  for (let publish = 0; publish < 2; publish++)
    expect(await thread.publish(0, [record], undefined)).toEqual([
      {
        topic: 'orders',
        partition: 2,
        kind: 'unknown',
        cause: expect.objectContaining({ code: 'LF_PUBLISH_THREAD_LOST', retryable: true }) as unknown,
      },
    ]);
  await thread.close(0);
  await thread.end();
});
