import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as timer } from 'node:timers/promises';
import { freePorts } from '@leftfold/infra';

/**
 * What is between a service and its registry. `sound`: nothing. `slow`: every answer takes 300 ms more. `silent`: questions are taken and never answered.
 * `broken`: status 500. `cut`: the connection is cut in the midst of the answer. `down`: nobody listens.
 */
export type RegistryWeather = 'sound' | 'slow' | 'silent' | 'broken' | 'cut' | 'down';

/** A registry that can be made to fail. */
export interface RegistryProxy {
  readonly url: string;
  /** Questions that came. */
  readonly asked: number;
  become(weather: RegistryWeather): Promise<void>;
  close(): Promise<void>;
}

/** Starts a proxy in front of the registry at `url`; every question of a client of the proxy reaches the registry by itself. */
export async function startRegistryProxy(url: string): Promise<RegistryProxy> {
  let weather: RegistryWeather = 'sound';
  let asked = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    asked += 1;
    const body = Buffer.concat(await request.toArray());
    if (weather === 'silent') return;
    if (weather === 'slow') await timer(300);
    if (weather === 'broken') {
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"error_code":50001,"message":"made up"}');
      return;
    }
    const given = await fetch(`${url}${request.url ?? ''}`, {
      method: request.method ?? 'GET',
      headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
      ...(body.length > 0 && { body }),
    });
    const text = Buffer.from(await given.arrayBuffer());
    response.writeHead(given.status, {
      'content-type': given.headers.get('content-type') ?? 'application/json',
      'content-length': text.length,
    });
    if (weather !== 'cut') response.end(text);
    else response.write(text.subarray(0, text.length / 2), () => response.destroy());
  };
  const serve = (): Server =>
    createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  // Not one of those that outgoing connections and `listen(0)` are given: while it is down, somebody else would have its port.
  const [port = 0] = await freePorts(1);
  let server = serve().listen(port, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    get asked() {
      return asked;
    },
    become: async (next) => {
      weather = next;
      if (next === 'down') return stop();
      // Answers that were never given are given up, as by a server that is started anew.
      server.closeAllConnections();
      if (server.listening) return;
      server = serve().listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    close: stop,
  };
}
