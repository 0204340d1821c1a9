/**
 * Random numbers that a seed gives again, so that two runs write the same bytes to the same streams.
 *
 * Source: Marsaglia, Xorshift RNGs (2003), the 32-bit generator with shifts 13, 17, 5.
 */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    // The generator stays at 0 for ever; small seeds are spread by a multiplication.
    this.#state = Math.imul(seed | 0, 0x9e3779b1) | 0 || 1;
  }

  /** From 0 up to 1, 1 left out. */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) / 2 ** 32;
  }

  /** A whole number from 0, below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** Letters that do not compress beyond their 6 bits each. */
  letters(count: number): string {
    let text = '';
    for (let i = 0; i < count; i++) text += ALPHABET.charAt(this.below(64));
    return text;
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
