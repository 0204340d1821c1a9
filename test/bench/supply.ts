/**
 * Things made in advance, so that making them is no part of what is measured: `take` hands out what was prepared, and makes another one only when nothing
 * is left.
 */
export class Supply<T> {
  readonly #make: (nth: number) => T;
  #ready: T[] = [];
  #made = 0;

  constructor(make: (nth: number) => T) {
    this.#make = make;
  }

  prepare(count: number): void {
    const more = Array.from({ length: count }, () => this.#make(this.#made++));
    // Handed out from the end, which costs nothing.
    this.#ready = [...more.toReversed(), ...this.#ready];
  }

  take(): T {
    return this.#ready.pop() ?? this.#make(this.#made++);
  }
}
