/** So long an answer is used before somebody looks again. */
export const LOOK_AGAIN_MS = 5_000;

/** Something that seldom changes, looked at again every few seconds by whoever needs it; where nobody does, nobody looks. */
export class LookedAt<T> {
  readonly #look: () => Promise<T>;
  #known: { readonly value: T; readonly at: number } | undefined;
  #looking: Promise<T> | undefined;

  constructor(look: () => Promise<T>) {
    this.#look = look;
  }

  /** As it is, or was a few seconds ago. */
  async now(): Promise<T> {
    if (this.#known !== undefined && performance.now() - this.#known.at < LOOK_AGAIN_MS) return this.#known.value;
    return this.again();
  }
  /** As it is. Who comes together looks together. */
  again(): Promise<T> {
    this.#looking ??= this.#look()
      .then((value) => {
        this.#known = { value, at: performance.now() };
        return value;
      })
      .finally(() => (this.#looking = undefined));
    return this.#looking;
  }
}
