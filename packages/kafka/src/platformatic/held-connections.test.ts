import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { Admin } from '@platformatic/kafka';
import type { Connection } from '@platformatic/kafka';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HeldConnections } from './held-connections.ts';

let hole: Server;
const taken: Socket[] = [];
beforeEach(async () => {
  // Takes connections, and nothing from them.
  hole = createServer((socket) => taken.push(socket.on('error', () => {}).pause())).listen(0, '127.0.0.1');
  await once(hole, 'listening');
});
afterEach(async () => {
  for (const socket of taken.splice(0)) socket.destroy();
  await new Promise((resolve) => hole.close(resolve));
});

/** A client of the package that has connected to the hole and asked something. */
async function asking(): Promise<{
  readonly connections: HeldConnections;
  readonly connection: Connection;
  readonly answer: Promise<unknown>;
}> {
  const { port } = hole.address() as AddressInfo;
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [`127.0.0.1:${port}`], retries: 0 });
  const connections = new HeldConnections(admin);
  const made = new Promise<Connection>((resolve) =>
    admin.connections.on('connect', ({ connection }) => resolve(connection)),
  );
  const answer = admin.metadata({ topics: ['orders'] });
  answer.catch(() => undefined);
  return { connections, connection: await made, answer };
}

test('what is let go is closed at once, also while a black hole has not taken all that was sent', async () => {
  const { connections, connection, answer } = await asking();
  const { socket } = connection;
  socket.write(Buffer.alloc(50_000_000));
  connections.release();
  connections.release();
  expect(socket.destroyed).toBe(true);
  await expect(answer).rejects.toMatchObject({ code: 'PLT_KFK_NETWORK' });
});

test('a connection that failed is closed, and what goes wrong with it afterwards ends no process', async () => {
  const { connections, connection } = await asking();
  connection.emit('error', new Error('refused'));
  expect(connection.socket.destroyed).toBe(true);
  expect(() => connection.emit('error', new Error('and cut'))).not.toThrow();
  connections.release();
});
