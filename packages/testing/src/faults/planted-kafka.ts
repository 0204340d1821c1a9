import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { answeredCorrelation, KafkaFrames, requestHead } from './kafka-frames.ts';

/** A request without a body, of header version 1. */
export function request(apiKey: number, correlationId: number, clientId: string): Buffer {
  const text = Buffer.from(clientId);
  const frame = Buffer.alloc(14);
  frame.writeInt32BE(10 + text.length);
  frame.writeInt16BE(apiKey, 4);
  frame.writeInt16BE(1, 6);
  frame.writeInt32BE(correlationId, 8);
  frame.writeInt16BE(text.length, 12);
  return Buffer.concat([frame, text]);
}

/** An answer to a request. */
export function answer(correlationId: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const frame = Buffer.alloc(8);
  frame.writeInt32BE(4 + body.length);
  frame.writeInt32BE(correlationId, 4);
  return Buffer.concat([frame, body]);
}

/** A server that answers each request it gets whole, and remembers them. */
export interface PlantedBroker {
  readonly port: number;
  /** Correlation ids, in the order they came. */
  readonly asked: readonly number[];
  /** Connections that are open. */
  readonly open: ReadonlySet<Socket>;
  close(): Promise<void>;
}

export async function startPlantedBroker(): Promise<PlantedBroker> {
  const asked: number[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const frames = new KafkaFrames();
    open.add(socket);
    socket.on('data', (bytes) => {
      for (const frame of frames.push(bytes)) {
        const { correlationId } = requestHead(frame);
        asked.push(correlationId);
        socket.write(answer(correlationId, Buffer.from('done')));
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    open,
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A client that sends what it is told to and remembers what it hears. */
export class PlantedClient {
  /** Correlation ids of whole answers, in the order they came. */
  readonly heard: number[] = [];
  /** Bytes that came, whole answers or not. */
  bytes = 0;
  readonly closed: Promise<unknown>;
  readonly #socket: Socket;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.closed = once(this.#socket, 'close');
    const frames = new KafkaFrames();
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (bytes) => {
      this.bytes += bytes.length;
      this.heard.push(...frames.push(bytes).map(answeredCorrelation));
    });
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }
  ask(correlationId: number, apiKey = 0, clientId = 'planted'): void {
    this.#socket.write(request(apiKey, correlationId, clientId));
  }
  end(): void {
    this.#socket.destroy();
  }
}
