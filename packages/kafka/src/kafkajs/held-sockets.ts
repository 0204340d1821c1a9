import type { ISocketFactory } from 'kafkajs';
import { connect, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';

const KEEP_ALIVE_MS = 60_000;

/**
 * The sockets of one client of kafkajs, so that all of them are surely let go. kafkajs by itself only says the end of a connection and forgets it: before
 * a black hole the socket stays open for as long as the system tries to send; and a send given up connects anew after its producer was disconnected,
 * and writes (R8).
 */
export class HeldSockets {
  readonly #open: Set<Socket> = new Set();
  #isReleased = false;

  /** As kafkajs connects, but that it is known here. */
  readonly factory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    // kafkajs makes an error of its own of it.
    if (this.#isReleased) throw new Error('this client was let go');
    const byName = isIP(host) === 0 ? { servername: host } : {};
    const socket = ssl
      ? connectSecurely({ host, port, ...byName, ...ssl }, onConnect)
      : connect({ host, port }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    return socket;
  };

  /** Lets go at once: what is under way fails here, and may still be carried out there; nothing connects any more. Idempotent. */
  release(): void {
    this.#isReleased = true;
    for (const socket of this.#open) socket.destroy(new Error('this client was let go'));
    this.#open.clear();
  }
}
