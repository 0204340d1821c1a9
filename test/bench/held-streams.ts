import { SeededRandom } from './seeded-random.ts';
import { Zipf } from './zipf.ts';

/** A stream that one writer has for itself until it gives it back. */
export interface HeldStream {
  readonly nth: number;
  readonly version: bigint;
}

/**
 * Hands out existing streams by Zipf, each to one writer at a time, with its version: so an exact expectation never fails for want of knowledge. A repository
 * does the same for the commands of a process.
 */
export class HeldStreams {
  readonly #versions: bigint[];
  readonly #held = new Set<number>();
  readonly #draw: Zipf;

  constructor(seed: number, streams: number, version: number) {
    this.#versions = Array.from({ length: streams }, () => BigInt(version));
    this.#draw = new Zipf(streams, new SeededRandom(seed));
  }

  take(): HeldStream {
    for (;;) {
      const nth = this.#draw.draw();
      if (this.#held.has(nth)) continue;
      this.#held.add(nth);
      return { nth, version: this.#versions[nth] ?? 0n };
    }
  }

  giveBack({ nth, version }: HeldStream, appended: number): void {
    this.#versions[nth] = version + BigInt(appended);
    this.#held.delete(nth);
  }
}
