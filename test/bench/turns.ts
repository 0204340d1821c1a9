/** Lets at most `places` pieces of work run at once, the others in the order they came, as a pool of connections does. */
export class Turns {
  readonly #free: number[];
  readonly #waiting: ((place: number) => void)[] = [];

  constructor(places: number) {
    this.#free = Array.from({ length: places }, (_, place) => place);
  }

  /** @param work is given the number of its place, which nobody else has meanwhile. */
  async run<T>(work: (place: number) => Promise<T>): Promise<T> {
    const place = this.#free.pop() ?? (await new Promise<number>((resolve) => void this.#waiting.push(resolve)));
    try {
      return await work(place);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(place);
      else next(place);
    }
  }
}
