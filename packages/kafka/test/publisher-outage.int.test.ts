import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { eventually } from '@leftfold/testing';
import type { Publisher } from '@leftfold/subscriptions';
import { jsonCodec } from '@leftfold/subscriptions';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { remedyKafkajsTimer } from '../src/kafkajs/kafkajs-timer.ts';
import type { TimeLimits } from '../src/time-limits.ts';
import { CLIENTS, publisherWithin } from './publisher-harness.ts';
import type { Client } from './publisher-harness.ts';

remedyKafkajsTimer();
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const LIMITS: TimeLimits = { connectMs: 100, requestMs: 100, acknowledgeMs: 80, attemptMs: 500, secondRoundMs: 500 };
/** Side by side, since each takes its time: 200 publishes in all. */
const PUBLISHERS = 100;
const PUBLISHES = 2;

const sockets: Socket[] = [];
const heard = (message: unknown): void => void sockets.push((message as { readonly socket: Socket }).socket);
const warnings: Error[] = [];
const warned = (warning: Error): void => void warnings.push(warning);
beforeEach(() => {
  sockets.length = warnings.length = 0;
  subscribe('net.client.socket', heard);
  process.on('warning', warned);
});
afterEach(() => {
  unsubscribe('net.client.socket', heard);
  process.off('warning', warned);
});

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
const publisherAt = (client: Client, port: number): Publisher =>
  publisherWithin(LIMITS, {
    brokers: [`127.0.0.1:${port}`],
    clientId: 'test',
    topics: [{ name: 'orders', partitions: 1 }],
    codec: jsonCodec(),
    client,
  });

/** Many publishes that fail; what they were given must be given up with them. */
async function failingPublishes(publishers: readonly Publisher[]): Promise<readonly WeakRef<Uint8Array>[]> {
  const given: WeakRef<Uint8Array>[] = [];
  await Promise.all(
    publishers.map(async (publisher) => {
      for (let n = 0; n < PUBLISHES; n++) {
        const value = new Uint8Array(100_000).fill(1);
        given.push(new WeakRef(value));
        const outcome = await publisher.publish([{ topic: 'orders', partition: 0, key: 'k', value, headers: {} }]);
        expect(outcome).toMatchObject([
          { kind: 'notWritten', refused: false, cause: { code: 'LF_BROKER_UNAVAILABLE', retryable: true } },
        ]);
      }
    }),
  );
  return given;
}

async function nothingIsKept(client: Client, port: number): Promise<void> {
  const timersBefore = timers();
  const publishers = Array.from({ length: PUBLISHERS }, () => publisherAt(client, port));
  const given = await failingPublishes(publishers);
  expect(sockets.length).toBeGreaterThanOrEqual(PUBLISHERS * PUBLISHES);
  // While they are all open, as in a long outage.
  await eventually(() => sockets.every(({ destroyed }) => destroyed));
  await eventually(() => timers() <= timersBefore);
  await eventually(() => {
    collectGarbage();
    return given.every((ref) => ref.deref() === undefined);
  });
  expect(warnings).toEqual([]);
  await Promise.all(publishers.map((publisher) => publisher.close()));
}

describe.each(CLIENTS)('over %s', (client) => {
  test('a long outage leaves nothing behind: nobody listens', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    const { port } = await new Promise<AddressInfo>((resolve) =>
      closed.once('listening', () => resolve(closed.address() as AddressInfo)),
    );
    await new Promise((resolve) => closed.close(resolve));
    await nothingIsKept(client, port);
  });

  test('a long outage leaves nothing behind: a black hole', async () => {
    const taken: Socket[] = [];
    const hole = createServer((socket) => {
      taken.push(socket.pause());
      socket.on('error', () => {});
    }).listen(0, '127.0.0.1');
    const { port } = await new Promise<AddressInfo>((resolve) =>
      hole.once('listening', () => resolve(hole.address() as AddressInfo)),
    );
    try {
      await nothingIsKept(client, port);
    } finally {
      for (const socket of taken) socket.destroy();
      await new Promise((resolve) => hole.close(resolve));
    }
  });
});
