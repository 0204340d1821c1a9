import type { Base, Connection } from '@platformatic/kafka';

/**
 * The connections of one client of the package, so that all of them are surely let go. The client by itself forgets one whose credentials were refused
 * while its socket is open, waits for ever for a black hole to take what is still to be sent, and a second error of a connection, to which nobody
 * listens any more, ends the process.
 */
export class HeldConnections {
  readonly #client: Pick<Base, 'connections' | 'close'>;
  readonly #open: Set<Connection> = new Set();

  /** @param client one that has connected to nothing yet */
  constructor(client: Pick<Base, 'connections' | 'close'>) {
    this.#client = client;
    client.connections.on('connecting', ({ connection }) => {
      this.#open.add(connection);
      connection.on('close', () => this.#open.delete(connection));
      connection.on('error', () => this.#drop(connection));
    });
  }

  /** Lets go at once: what is under way fails here, and may still be carried out there. Idempotent. */
  release(): void {
    this.#client.close().catch(() => undefined);
    for (const connection of this.#open) this.#drop(connection);
  }

  #drop(connection: Connection): void {
    this.#open.delete(connection);
    connection.socket?.destroy();
  }
}
