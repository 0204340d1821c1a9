import type { SeededRandom } from './seeded-random.ts';

/** Draws from 0 to `count` − 1, the n-th with a probability that falls as 1/n: few are hot, most are cold, as streams are in life. */
export class Zipf {
  readonly #cumulated: Float64Array;
  readonly #random: SeededRandom;

  constructor(count: number, random: SeededRandom) {
    this.#random = random;
    this.#cumulated = new Float64Array(count);
    let sum = 0;
    for (let n = 0; n < count; n++) this.#cumulated[n] = sum += 1 / (n + 1);
  }

  draw(): number {
    const target = this.#random.next() * (this.#cumulated.at(-1) ?? 0);
    let [low, high] = [0, this.#cumulated.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#cumulated[middle] ?? 0) > target) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
