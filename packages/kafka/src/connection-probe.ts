import { connect, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { brokerFault } from './broker-fault.ts';
import type { KafkaOptions } from './options.ts';
import { nodeTls } from './security.ts';

/** All that is asked, together. */
const PROBE_MS = 3_000;
const METADATA = 3;
const API_VERSIONS = 18;

/** What a listener was found to want. Its code stands among the refusals. */
class ListenerWants extends Error {
  readonly code: 'LISTENER_TAKES_TLS' | 'LISTENER_TAKES_NO_TLS' | 'LISTENER_WANTS_A_USER';

  constructor(code: ListenerWants['code'], broker: string) {
    super(`${broker}: ${code}`);
    this.code = code;
  }
}

/**
 * Why a listener cuts a connection like ours, where it tells: to a client with the wrong kind of connection a broker says nothing, it closes. So the same
 * is tried by hand, and then the other kind. Only what is seen to be so counts: a listener is said to take no TLS when it has answered without.
 * @returns what refuses us, as an error with its telling code; `undefined` when the broker is away, or nothing is wrong with the connection as such
 */
export async function probeConnection({
  brokers,
  ssl = false,
  sasl,
}: Pick<KafkaOptions, 'brokers' | 'ssl' | 'sasl'>): Promise<unknown> {
  const signal = AbortSignal.timeout(PROBE_MS);
  for (const broker of brokers) {
    const refusal = await probeListener(broker, ssl === true ? {} : ssl, sasl !== undefined, signal);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

async function probeListener(broker: string, tls: Tls, hasUser: boolean, signal: AbortSignal): Promise<unknown> {
  const ours = await ask(broker, tls, API_VERSIONS, signal);
  if (brokerFault(ours.error).kind === 'access') return ours.error;
  if (!ours.isAnswered && tls !== false) {
    const other = await ask(broker, false, API_VERSIONS, signal);
    return other.isAnswered ? new ListenerWants('LISTENER_TAKES_NO_TLS', broker) : undefined;
  }
  if (!ours.isAnswered) {
    const other = await ask(broker, { rejectUnauthorized: false }, undefined, signal);
    return other.isSecure ? new ListenerWants('LISTENER_TAKES_TLS', broker) : undefined;
  }
  if (hasUser) return undefined;
  // Twice, since a broker may go away between two requests.
  for (let tries = 0; tries < 2; tries++) {
    const metadata = await ask(broker, tls, METADATA, signal);
    const versions = await ask(broker, tls, API_VERSIONS, signal);
    if (!metadata.isClosed || !versions.isAnswered) return undefined;
  }
  return new ListenerWants('LISTENER_WANTS_A_USER', broker);
}

type Tls = Parameters<typeof nodeTls>[0] | false;

/** What became of one request on a connection of its own. */
interface Asked {
  readonly isAnswered: boolean;
  /** TLS was agreed upon. */
  readonly isSecure: boolean;
  /** By the broker, without an answer. */
  readonly isClosed: boolean;
  readonly error?: Error;
}

/** Connects, asks, waits for the answer's beginning. Never rejects. */
function ask(broker: string, tls: Tls, api: number | undefined, signal: AbortSignal): Promise<Asked> {
  const [host = '', port = ''] = broker.split(':');
  return new Promise((resolve) => {
    let isSecure = false;
    const socket: Socket =
      tls === false
        ? connect({ host, port: Number(port) })
        : connectTls({ host, port: Number(port), ...(isIP(host) === 0 && { servername: host }), ...nodeTls(tls) });
    const end = (how: Partial<Asked>): void => {
      socket.destroy();
      signal.removeEventListener('abort', late);
      resolve({ isAnswered: false, isClosed: false, isSecure, ...how });
    };
    const late = (): void => end({});
    socket.on('error', (error) => end({ error }));
    signal.addEventListener('abort', late, { once: true });
    if (signal.aborted) return late();
    socket.once(tls === false ? 'connect' : 'secureConnect', () => {
      isSecure = tls !== false;
      if (api === undefined) end({});
      else socket.write(request(api));
    });
    socket.once('close', () => end({ isClosed: true }));
    // A listener with TLS answers with an alert, which no answer begins like: its length would be half a gigabyte and more.
    socket.once('data', (bytes) => end({ isAnswered: bytes[0] === 0 }));
  });
}

/** Length, api, version 0, correlation id, no client id; for metadata a list without topics. */
function request(api: number): Buffer {
  const bytes = Buffer.alloc(api === METADATA ? 18 : 14);
  bytes.writeInt32BE(bytes.length - 4, 0);
  bytes.writeInt16BE(api, 4);
  bytes.writeInt16BE(-1, 12);
  return bytes;
}
