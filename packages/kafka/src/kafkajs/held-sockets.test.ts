import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { ISocketFactoryArgs } from 'kafkajs';
import { expect, test } from 'vitest';
import { HeldSockets } from './held-sockets.ts';

test('R8 what is let go is closed at once, and nothing connects any more', async () => {
  const listener = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const sockets = new HeldSockets();
  const connected = Promise.withResolvers<void>();
  const to = (onConnect: () => void): ISocketFactoryArgs =>
    // As kafkajs gives it without TLS, whatever its types say.
    ({ host: '127.0.0.1', port, ssl: undefined, onConnect }) as unknown as ISocketFactoryArgs;
  const socket = sockets.factory(to(() => connected.resolve()));
  const told: Error[] = [];
  socket.on('error', (error) => told.push(error));
  await connected.promise;

  sockets.release();
  sockets.release();
  expect(socket.destroyed).toBe(true);
  expect(() => sockets.factory(to(() => {}))).toThrow('let go');
  await new Promise((resolve) => socket.once('close', resolve));
  // kafkajs hears an error only, and not the end of a socket closed from here: it would wait for its answers.
  expect(told).toHaveLength(1);
  listener.close();
});
