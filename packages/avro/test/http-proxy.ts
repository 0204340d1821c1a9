import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * What becomes of a request: its connection is closed at once; it is passed on late; nobody ever answers; half of the answer comes, then the connection breaks, or
 * stands still; another answer.
 */
export type HttpFault =
  | { readonly kind: 'refuse' | 'swallow' | 'cut' | 'stall' }
  | { readonly kind: 'late'; readonly untilMs: number }
  | { readonly kind: 'say'; readonly status: number; readonly body: string; readonly headers?: OutgoingHttpHeaders };

/** A proxy between a client and a registry, on this machine. */
export interface HttpProxy {
  /** The registry's, with this proxy in its place. */
  readonly url: string;
  /** Method and path below the registry's base, of each request that came. */
  readonly asked: string[];
  /** From now on; `undefined`: none. */
  fault(fault: HttpFault | undefined): void;
  close(): Promise<void>;
}

/** Starts a proxy in front of a server of HTTP, for tests of what a client makes of faults. What happens, happens when a request comes: nothing depends on timing. */
export async function startHttpProxy(url: string): Promise<HttpProxy> {
  const target = new URL(url);
  const asked: string[] = [];
  const closed = new AbortController();
  let present: HttpFault | undefined;
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    asked.push(`${incoming.method} ${incoming.url?.slice(target.pathname.length)}`);
    switch (present?.kind) {
      case 'refuse':
        incoming.socket.destroy();
        return;
      case 'swallow':
        return;
      case 'say':
        response.writeHead(present.status, present.headers ?? {}).end(present.body);
        return;
      case 'late':
        await delay(present.untilMs, undefined, { signal: closed.signal });
        break;
      case 'cut':
      case 'stall':
      case undefined:
    }
    const { status, headers, body } = await passOn(target, incoming);
    if (present?.kind !== 'cut' && present?.kind !== 'stall') {
      response.writeHead(status, headers).end(body);
      return;
    }
    response.writeHead(status, { ...headers, 'content-length': String(body.length) });
    response.write(body.subarray(0, body.length / 2));
    if (present.kind === 'cut') response.socket?.end();
  };
  const server = createServer((incoming, response) => void serve(incoming, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${target.pathname}`,
    asked,
    fault: (fault) => void (present = fault),
    close: async () => {
      closed.abort();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function passOn(
  target: URL,
  incoming: IncomingMessage,
): Promise<{ readonly status: number; readonly headers: OutgoingHttpHeaders; readonly body: Buffer }> {
  const { method, url: path, headers } = incoming;
  const outgoing = request({
    host: target.hostname,
    port: target.port,
    method,
    path,
    headers: { ...headers, host: target.host },
  });
  incoming.pipe(outgoing);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  // Of this connection, not of the next one.
  const own = Object.entries(answer.headers).filter(([name]) => !['transfer-encoding', 'connection'].includes(name));
  return { status: answer.statusCode ?? 0, headers: Object.fromEntries(own), body: Buffer.concat(chunks) };
}
