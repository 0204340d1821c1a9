import type { Socket } from 'node:net';
import type { KafkaFault, KafkaFrame } from './kafka-fault.ts';
import { answeredCorrelation, apiName, KafkaFrames, requestHead, type RequestHead } from './kafka-frames.ts';

/** One way of a connection: frames leave it in the order they came. */
interface Way {
  readonly direction: KafkaFrame['direction'];
  readonly from: Socket;
  readonly to: Socket;
  readonly frames: KafkaFrames;
  readonly queue: Buffer[];
  /** A frame is late, and what is behind it waits. */
  isWaiting: boolean;
  isStalled: boolean;
  /** Whoever sends is gone; what it has sent still goes on. */
  isOver: boolean;
}

/** Which of the proxies it came through, and as the how manieth of all. */
export interface ConnectionNumbers {
  readonly broker: number;
  readonly connection: number;
}

/** One client's connection to a broker, handed on frame by frame, each as a rule says. */
export class KafkaProxiedConnection {
  readonly #numbers: ConnectionNumbers;
  readonly #faultOf: (frame: KafkaFrame) => KafkaFault;
  readonly #requests: Way;
  readonly #answers: Way;
  readonly #asked = new Map<number, RequestHead>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(
    client: Socket,
    upstream: Socket,
    numbers: ConnectionNumbers,
    faultOf: (frame: KafkaFrame) => KafkaFault,
  ) {
    this.#numbers = numbers;
    this.#faultOf = faultOf;
    this.#requests = way('request', client, upstream);
    this.#answers = way('answer', upstream, client);
    for (const each of [this.#requests, this.#answers]) {
      each.from.setNoDelay(true);
      each.from.on('error', () => undefined);
      each.from.on('data', (bytes: Buffer) => {
        each.queue.push(...each.frames.push(bytes));
        this.#forward(each);
      });
      each.from.on('close', () => {
        each.isOver = true;
        this.#forward(each);
      });
    }
  }

  /** Ends both sides at once. */
  end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const each of [this.#requests, this.#answers]) {
      each.queue.length = 0;
      each.isStalled = true;
      each.from.destroy();
    }
  }

  #forward(way: Way): void {
    while (!way.isWaiting && !way.isStalled) {
      const bytes = way.queue.shift();
      if (bytes === undefined) {
        // A request of a client that is gone still reaches the broker, as it would from the network's buffers.
        if (way.isOver) way.to.end();
        return;
      }
      this.#carryOut(way, bytes);
    }
  }

  #carryOut(way: Way, bytes: Buffer): void {
    const fault = this.#faultOf(this.#frameOf(way, bytes));
    if (typeof fault === 'object') return this.#later(way, bytes, fault);
    switch (fault) {
      case 'pass':
        way.to.write(bytes);
        return;
      case 'drop':
        return;
      case 'cut':
        return this.end();
      case 'cut-after':
        return this.#endAfter(way, bytes);
      case 'half':
        return this.#endAfter(way, bytes.subarray(0, bytes.length >> 1));
      case 'half-open':
        way.isStalled = true;
        way.from.pause();
    }
  }

  #later(way: Way, bytes: Buffer, fault: Extract<KafkaFault, object>): void {
    way.isWaiting = true;
    const goOn = (): void => {
      way.isWaiting = false;
      if (way.isStalled) return;
      way.to.write(bytes);
      this.#forward(way);
    };
    if ('until' in fault) {
      void fault.until.then(goOn, goOn);
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      goOn();
    }, fault.delayMs);
    this.#timers.add(timer);
  }

  /** The last that this connection carries: the sender is cut off, the receiver gets these bytes and the end. */
  #endAfter(way: Way, bytes: Buffer): void {
    for (const each of [this.#requests, this.#answers]) each.isStalled = true;
    way.to.end(bytes);
    way.from.destroy();
    // What the receiver still says is for nobody, but it must be read, or its end is never seen.
    way.to.removeAllListeners('data');
    way.to.resume();
  }

  #frameOf({ direction }: Way, bytes: Buffer): KafkaFrame {
    let head: RequestHead;
    if (direction === 'request') {
      head = requestHead(bytes);
      this.#asked.set(head.correlationId, head);
    } else {
      const correlationId = answeredCorrelation(bytes);
      head = this.#asked.get(correlationId) ?? { apiKey: -1, correlationId, clientId: '' };
      this.#asked.delete(correlationId);
    }
    return { direction, ...this.#numbers, ...head, api: apiName(head.apiKey), bytes };
  }
}

function way(direction: KafkaFrame['direction'], from: Socket, to: Socket): Way {
  const rest = { queue: [], isWaiting: false, isStalled: false, isOver: false };
  return { direction, from, to, frames: new KafkaFrames(), ...rest };
}
