import type { KafkaApi } from './kafka-frames.ts';
import { SeededRandom } from './seeded-random.ts';

/** One message between a client and a broker, as it comes to the proxy. */
export interface KafkaFrame {
  readonly direction: 'request' | 'answer';
  /** Id of the broker behind the proxy, from 1. */
  readonly broker: number;
  /** Number of the connection, in the order they were made through all the proxies. */
  readonly connection: number;
  /** Of an answer: what was asked. */
  readonly api: KafkaApi;
  readonly apiKey: number;
  readonly correlationId: number;
  /** What the client calls itself; empty when it does not. */
  readonly clientId: string;
  /** The whole message with its length, as to look whether it names a topic: `bytes.includes('orders')`. */
  readonly bytes: Buffer;
}

/**
 * What happens to a frame.
 * - `pass`: it goes on.
 * - `drop`: it vanishes, and nobody is told: a black hole, one way. Frames behind it go on.
 * - `cut`: the connection ends in its place. A request does not reach the broker; an answer is of what the broker has done.
 * - `cut-after`: it goes on whole, then the connection ends: the broker does what is asked, and the client never learns.
 * - `half`: half of its bytes go on, then the connection ends.
 * - `half-open`: nothing of this direction is read any more, this frame included, and the connection stays.
 * - `{ delayMs }`: it goes on so much later, and what is behind it waits, as in one stream of bytes.
 * - `{ until }`: likewise, once this resolves: late without a clock.
 */
export type KafkaFault =
  | 'pass'
  | 'drop'
  | 'cut'
  | 'cut-after'
  | 'half'
  | 'half-open'
  | { readonly delayMs: number }
  | { readonly until: Promise<unknown> };

/** Decides for each frame; `undefined` is `pass`. */
export type KafkaRule = (frame: KafkaFrame) => KafkaFault | undefined;

/** Faults as counted: `delay` are both kinds of lateness. */
export type KafkaFaultName = Extract<KafkaFault, string> | 'delay';

/** The name under which a fault is counted. */
export function faultName(fault: KafkaFault): KafkaFaultName {
  return typeof fault === 'string' ? fault : 'delay';
}

/** A share of the frames that fails. */
export interface KafkaFaultMix {
  readonly seed: number;
  /** From 0 to 1. */
  readonly share: number;
  /** One of them, each as likely; name one twice to have it twice as often. */
  readonly faults: readonly KafkaFault[];
  /** Only of these; default all. */
  readonly apis?: readonly KafkaApi[];
  /** Only this way; default both. */
  readonly on?: KafkaFrame['direction'];
}

/**
 * A rule by which a share of the frames fails at random. The n-th fitting frame of a broker has the same fate for the same seed; which frame comes n-th is
 * the clients' doing.
 */
export function faultMix(mix: KafkaFaultMix): KafkaRule {
  const randoms = new Map<number, SeededRandom>();
  return (frame) => {
    if (mix.apis?.includes(frame.api) === false || (mix.on ?? frame.direction) !== frame.direction) return undefined;
    const random = randoms.get(frame.broker) ?? new SeededRandom(mix.seed + 7_919 * frame.broker);
    randoms.set(frame.broker, random);
    const [chance, fault] = [random.fraction(), random.one(mix.faults)];
    return chance < mix.share ? fault : undefined;
  };
}
