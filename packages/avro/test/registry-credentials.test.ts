import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { inspect, promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { confluentRegistry } from '@leftfold/avro';
import { makeAuthority } from './certificates.ts';

const open: { close(): void; closeAllConnections(): void }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** A server that lists one subject to whoever says `user` and `pass`, or anybody. */
async function serve(
  tls?: ServerOptions,
  authorization?: string,
): Promise<{ readonly host: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    asked.push(`${request.url} ${request.headers.authorization ?? ''}`.trim());
    if (authorization === undefined || request.headers.authorization === authorization) response.end('["a.B"]');
    else response.writeHead(401).end('{"error_code":401,"message":"Unauthorized"}');
  };
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  open.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const authority = makeAuthority('Leftfold test authority');
const stranger = makeAuthority('Leftfold other authority');
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
const secret = 'p:ä/ss@wörd';

describe('a user and a password', () => {
  test.each([
    ['in the URL', (host: string) => ({ url: `http://us%20er:${encodeURIComponent(secret)}@${host}/base/v7/` })],
    [
      'by options',
      (host: string) => ({ url: `http://${host}/base/v7`, auth: { username: 'us er', password: secret } }),
    ],
  ])('%s are sent with each question, below the base path, and are shown nowhere', async (_, options) => {
    const { host, asked } = await serve(undefined, basic(`us er:${secret}`));
    const registry = confluentRegistry(options(host));
    expect(await registry.subjects()).toEqual(['a.B']);
    expect(asked).toEqual([`/base/v7/subjects ${basic(`us er:${secret}`)}`]);
    expect(registry.description).toBe(`http://${host}/base/v7`);

    const failing = await confluentRegistry({ ...options('127.0.0.1:1'), timeoutMs: 500 })
      .subjects()
      .catch((error: unknown) => error);
    for (const shown of [registry, failing]) {
      const text = inspect(shown, { depth: 20, showHidden: true }) + String(shown) + JSON.stringify(shown);
      for (const hidden of [secret, encodeURIComponent(secret), basic(`us er:${secret}`).slice(6), 'us er'])
        expect(text).not.toContain(hidden);
    }
  });

  test('are sent where the URL has a password alone, as a token stands in it', async () => {
    const { host, asked } = await serve();
    await confluentRegistry({ url: `http://:token@${host}` }).subjects();
    expect(asked).toEqual([`/subjects ${basic(':token')}`]);
  });

  test.each<[string, (request: string) => string]>([
    [
      'in what it says',
      (request) => {
        const said = `no ${/Basic \S+/.exec(request)?.[0]}, no ${secret}`;
        const body = JSON.stringify({ error_code: 400, message: said });
        return `HTTP/1.1 400 No\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
      },
    ],
    ['in what is no HTTP', (request) => `HTTP/1.1 ${request}`],
  ])('are repeated by no error, though a server repeats them %s', async (_, answer) => {
    const server = createTcpServer((socket) =>
      socket.once('data', (request) => void socket.end(answer(String(request)))),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const failing = await confluentRegistry({ url, auth: { username: 'user', password: secret } })
      .subjects()
      .catch((error: unknown) => error);
    server.close();
    expect(failing).toMatchObject({ code: expect.stringMatching(/^LF_REGISTRY_/) as string });
    const text = inspect(failing, { depth: 20, showHidden: true });
    for (const hidden of [secret, basic(`user:${secret}`).slice(6)]) expect(text).not.toContain(hidden);
  });

  test('that are wrong are refused for good, and not repeated', async () => {
    const { host } = await serve(undefined, basic('user:right'));
    const refused = confluentRegistry({ url: `http://user:wrong@${host}` }).subjects();
    await expect(refused).rejects.toMatchObject({ code: 'LF_REGISTRY_REFUSED', retryable: false });
    await expect(refused).rejects.toThrow(/401(?!.*wrong)/);
  });
});

describe('TLS', () => {
  const server = authority.issue('localhost');

  test('with an authority of one’s own is trusted; without it, or with another one, it is refused for good', async () => {
    const { host } = await serve(server);
    const url = `https://${host}/v7`;
    expect(await confluentRegistry({ url, tls: { ca: authority.ca } }).subjects()).toEqual(['a.B']);
    expect(await confluentRegistry({ url, tls: { ca: Buffer.from(authority.ca) } }).subjects()).toEqual(['a.B']);
    for (const tls of [undefined, { ca: stranger.ca }]) {
      const refused = confluentRegistry({ url, ...(tls && { tls }) }).subjects();
      await expect(refused).rejects.toMatchObject({ code: 'LF_REGISTRY_REFUSED' });
      await expect(refused).rejects.toThrow(/do not trust each other.*tls: \{ ca/);
    }
  });

  test('for another host is refused', async () => {
    const { host } = await serve(server);
    const url = `https://${host.replace('127.0.0.1', '127.0.0.2')}`;
    const elsewhere = confluentRegistry({ url, tls: { ca: authority.ca } }).subjects();
    // Nothing listens there on some systems; what is never allowed is an answer.
    await expect(elsewhere).rejects.toMatchObject({ code: expect.stringMatching(/^LF_REGISTRY_/) as string });
    const named = confluentRegistry({ url: `https://localhost:${host.split(':')[1]}`, tls: { ca: authority.ca } });
    expect(await named.subjects()).toEqual(['a.B']);
  });

  test('shows the client’s certificate to a server that asks for one', async () => {
    const { host } = await serve({ ...server, ca: authority.ca, requestCert: true, rejectUnauthorized: true });
    const url = `https://${host}`;
    const tls = { ca: authority.ca, ...authority.issue('a client') };
    expect(await confluentRegistry({ url, tls }).subjects()).toEqual(['a.B']);
    await expect(confluentRegistry({ url, tls: { ca: authority.ca } }).subjects()).rejects.toMatchObject({
      code: expect.stringMatching(/^LF_REGISTRY_/) as string,
    });
  });

  test('with a server that never shakes hands ends with the time-out', async () => {
    const silent = createTcpServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const sockets: Socket[] = [];
    silent.on('connection', (socket) => void sockets.push(socket));
    const url = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const failing = confluentRegistry({ url, timeoutMs: 300 }).subjects();
    await expect(failing).rejects.toMatchObject({ code: 'LF_REGISTRY_UNAVAILABLE', retryable: true });
    silent.close();
    for (const socket of sockets) socket.destroy();
  });

  test('to a server that speaks none is refused for good', async () => {
    const { host } = await serve();
    const refused = confluentRegistry({ url: `https://${host}` }).subjects();
    await expect(refused).rejects.toMatchObject({ code: 'LF_REGISTRY_REFUSED' });
  });
});

test('a registry that was asked does not keep its process alive', async () => {
  const { host } = await serve();
  const index = fileURLToPath(new URL('../src/index.ts', import.meta.url));
  const script = `import { confluentRegistry } from ${JSON.stringify(index)};
    const registry = confluentRegistry({ url: 'http://${host}', timeoutMs: 60_000 });
    console.log(await registry.subjects());`;
  const args = ['--conditions=leftfold:source', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 25_000, cwd: import.meta.dirname });
  expect(stdout).toBe("[ 'a.B' ]\n");
});
