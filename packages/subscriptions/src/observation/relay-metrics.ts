import {
  codeLabel,
  PUBLISHER_REPLACEMENTS,
  RELAY_BATCH_RECORDS,
  RELAY_RECORDS,
  RELAY_RESENT,
  RELAY_SEND_DURATION,
} from './metric-names.ts';
import { harmlessMetrics } from './harmless.ts';
import type { Metrics } from './metrics.ts';
import type { Publisher } from '../publisher.ts';
import type { Lane } from '../source.ts';

/** One batch on its way to the broker, as far as counting it goes. */
export interface CountedSend {
  /** So many of its records are sent again, because of this. */
  again(records: number, cause: unknown): void;
  /** All of it is confirmed. */
  written(): void;
}

const UNCOUNTED: CountedSend = { again: () => undefined, written: () => undefined };

/** Counts what a relay sends. Without metrics it does nothing. */
export class RelayMetrics {
  readonly #metrics: Metrics | undefined;
  /** Replacements that were counted already: a publisher says how many there were since it was made. */
  readonly #replacements = new WeakMap<Publisher, number>();

  constructor(metrics: Metrics | undefined) {
    this.#metrics = metrics && harmlessMetrics(metrics);
  }

  /** A batch of so many records is about to be sent. */
  begin(lane: Lane, publisher: Publisher, records: number): CountedSend {
    const metrics = this.#metrics;
    if (metrics === undefined) return UNCOUNTED;
    const labels = { lane };
    const began = performance.now();
    return {
      again: (unwritten, cause) => {
        metrics.add(RELAY_RESENT, unwritten, { lane, code: codeLabel(cause) });
        this.#countReplacements(metrics, lane, publisher);
      },
      written: () => {
        metrics.add(RELAY_RECORDS, records, labels);
        metrics.record(RELAY_BATCH_RECORDS, records, labels);
        metrics.record(RELAY_SEND_DURATION, (performance.now() - began) / 1_000, labels);
        this.#countReplacements(metrics, lane, publisher);
      },
    };
  }

  #countReplacements(metrics: Metrics, lane: Lane, publisher: Publisher): void {
    const { replacements = 0 } = publisher;
    const fresh = replacements - (this.#replacements.get(publisher) ?? 0);
    this.#replacements.set(publisher, replacements);
    if (fresh > 0) metrics.add(PUBLISHER_REPLACEMENTS, fresh, { lane });
  }
}
