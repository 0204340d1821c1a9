import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { hearNewConnections } from './hear-new-connections.ts';
import type { PgPool } from './pool.ts';

test('P1 a connection that ends with its first answer, before its borrower can listen, does not end the process; afterwards it is left alone', async () => {
  const client = new EventEmitter();
  const pool = Object.assign(new EventEmitter(), { connect: async () => client }) as unknown as EventEmitter & PgPool;
  hearNewConnections(pool);
  hearNewConnections(pool);
  pool.emit('connect', client);
  expect(() => client.emit('error', new Error('terminated'))).not.toThrow();
  expect(client.listenerCount('error')).toBe(1);
  await setImmediate();
  expect(client.listenerCount('error')).toBe(0);
});
