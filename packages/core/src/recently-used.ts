/** A map of so many entries at most: what was not asked for or set for the longest time makes room. Each call costs the same for any size. */
export class RecentlyUsed<V> {
  // A Map keeps the order in which its keys were set; the first is the one that nobody wanted for the longest time.
  readonly #entries = new Map<string, V>();
  readonly #most: number;

  /** @param most entries, from 1. */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#entries.size;
  }
  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }
  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#most) this.#entries.delete(this.#entries.keys().next().value as string);
  }
  delete(key: string): void {
    this.#entries.delete(key);
  }
}
