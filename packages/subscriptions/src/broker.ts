import type { Codec } from './codec.ts';
import type { Publisher } from './publisher.ts';
import type { Source } from './source.ts';

/** Everything one broker gives. */
export interface Broker {
  readonly source: Source;
  /** Each call gives a publisher of its own, for one relay lane. */
  publisher(): Promise<Publisher>;
  readonly codec: Codec;
  /** For people. Holds no secrets. */
  readonly description: string;
}
