import { expect, test } from 'vitest';
import { startCluster } from './kafka-cluster.ts';
import type { KafkaHost } from './kafka-cluster.ts';

test('when one node cannot be started, nothing is discarded while another one is still starting', async () => {
  const order: string[] = [];
  const slow = Promise.withResolvers<void>();
  const host: KafkaHost = {
    origin: 'docker',
    clusterId: 'AAAA',
    nodes: [1, 2].map((id) => ({ id, port: 1, pid: undefined })),
    dataDir: undefined,
    start: async (id) => {
      if (id === 1) throw new Error('its port is taken');
      await slow.promise;
      order.push('started');
    },
    kill: async () => {},
    failure: async () => undefined,
    log: async () => '',
    discard: async () => void order.push('discarded'),
  };
  setImmediate(() => slow.resolve());
  await expect(startCluster(host)).rejects.toThrow('its port is taken');
  expect(order).toEqual(['started', 'discarded']);
});
