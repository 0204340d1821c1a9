import { certificateAuthority } from '@leftfold/infra';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { probeConnection } from './connection-probe.ts';

const authority = certificateAuthority('Test');
const own = authority.issue({ name: 'broker', hosts: ['localhost'] });
const ssl = { ca: authority.cert };
const sasl = { mechanism: 'plain', username: 'relay', password: 'x' } as const;

/** The beginning of an answer of four bytes, a correlation id. */
const answer = (socket: Socket): unknown =>
  socket.once('data', () => socket.end(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0])));
const close = (socket: Socket): unknown => socket.destroy();
const closeWhenAsked = (socket: Socket): unknown => socket.once('data', () => socket.destroy());

async function listening(server: Server): Promise<readonly string[]> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  server.listen(0, 'localhost');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return [`localhost:${(server.address() as { readonly port: number }).port}`];
}
const plain = (serve: (socket: Socket) => unknown): Promise<readonly string[]> =>
  listening(createServer((socket) => void serve(socket)));
const withTls = (serve: (socket: Socket) => unknown): Promise<readonly string[]> =>
  listening(
    createTlsServer(own, (socket) => {
      socket.on('error', () => {});
      void serve(socket);
    }),
  );

test('what only a connection of another kind could tell is seen: the listener’s TLS, or that it has none', async () => {
  expect(await probeConnection({ brokers: await withTls(answer), sasl })).toMatchObject({ code: 'LISTENER_TAKES_TLS' });
  expect(await probeConnection({ brokers: await plain(answer), ssl, sasl })).toMatchObject({
    code: 'LISTENER_TAKES_NO_TLS',
  });
});

test('what TLS itself says is told as it is', async () => {
  const brokers = await withTls(answer);
  const stranger = certificateAuthority('Stranger');
  expect(await probeConnection({ brokers, ssl: { ca: stranger.cert }, sasl })).toMatchObject({
    code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  });
  expect(await probeConnection({ brokers, ssl: { ...ssl, servername: 'other' }, sasl })).toMatchObject({
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
});

test('a listener that answers who it is, and closes at the first question, wants a user', async () => {
  const apiOf = (bytes: Buffer): number => bytes.readInt16BE(4);
  const wanting = (socket: Socket): unknown =>
    socket.once('data', (bytes) => (apiOf(bytes) === 18 ? socket.end(Buffer.alloc(8)) : socket.destroy()));
  expect(await probeConnection({ brokers: await plain(wanting) })).toMatchObject({ code: 'LISTENER_WANTS_A_USER' });
  expect(await probeConnection({ brokers: await withTls(wanting), ssl })).toMatchObject({
    code: 'LISTENER_WANTS_A_USER',
  });
  expect(await probeConnection({ brokers: await plain(wanting), sasl })).toBeUndefined();
});

test.each([
  ['closes every connection', () => plain(close)],
  ['closes at every question', () => plain(closeWhenAsked)],
  ['closes at every question, after TLS', () => withTls(closeWhenAsked)],
  ['answers', () => withTls(answer)],
])(
  'of a broker that %s nothing is said for certain to who comes by TLS: it may be restarting',
  async (_what, serve) => {
    expect(await probeConnection({ brokers: await serve(), ssl, sasl })).toBeUndefined();
  },
);

test.each([
  ['closes every connection', () => plain(close)],
  ['closes at every question', () => plain(closeWhenAsked)],
  ['answers', () => plain(answer)],
])('of a broker that %s nothing is said for certain to who comes without', async (_what, serve) => {
  const brokers = await serve();
  expect(await probeConnection({ brokers, sasl })).toBeUndefined();
  expect(await probeConnection({ brokers })).toBeUndefined();
});

test('of a broker that is away nothing is said', async () => {
  const brokers = ['localhost:1'];
  expect(await probeConnection({ brokers, ssl, sasl })).toBeUndefined();
  expect(await probeConnection({ brokers })).toBeUndefined();
});
