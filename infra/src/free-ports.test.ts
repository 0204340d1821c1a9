import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { freePorts, PORT_RANGE } from './free-ports.ts';

test('free ports are distinct, can be listened on, and lie below those of outgoing connections', async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  for (const port of ports) {
    expect(port).toBeGreaterThanOrEqual(PORT_RANGE.from);
    expect(port).toBeLessThanOrEqual(PORT_RANGE.to);
  }
  const servers = await Promise.all(ports.map(listen));
  for (const server of servers) server.close();
});

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
