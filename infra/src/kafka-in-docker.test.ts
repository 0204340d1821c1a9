import { expect, test } from 'vitest';
import { KAFKA_IMAGE, runArguments } from './kafka-in-docker.ts';

test('a container publishes its client port on the loopback interface only and gets its settings as variables', () => {
  const line = runArguments('net', 'node', { 9092: 20_001, 9095: undefined }, 'AAAA', { 'node.id': '1' }).join(' ');
  expect(line).toBe(
    'run --detach --name=node --hostname=node --network=net --publish=127.0.0.1:20001:9092 ' +
      `--env=KAFKA_NODE_ID=1 --env=CLUSTER_ID=AAAA ${KAFKA_IMAGE}`,
  );
});

test('a container that is to stand behind a proxy publishes the port for that, too', () => {
  const line = runArguments('net', 'node', { 9092: 20_001, 9095: 20_002 }, 'AAAA', {}).join(' ');
  expect(line).toContain('--publish=127.0.0.1:20001:9092 --publish=127.0.0.1:20002:9095 ');
});
