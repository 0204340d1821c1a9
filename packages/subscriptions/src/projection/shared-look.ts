/**
 * One look for all who ask for it at about the same time, as when the lanes of a follower open together. Everybody is answered by a look that began after it had asked, so nobody is told of
 * before: who asks while one is under way waits for the next, with all others who do.
 */
export class SharedLook<T> {
  readonly #look: () => Promise<T>;
  #underWay: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | undefined;

  constructor(look: () => Promise<T>) {
    this.#look = look;
  }

  /** Rejects as the look does, for all whom it was for. */
  ask(): Promise<T> {
    this.#next ??= this.#begin();
    return this.#next;
  }

  async #begin(): Promise<T> {
    await this.#underWay;
    this.#next = undefined;
    const looking = this.#look();
    this.#underWay = looking.catch(() => undefined);
    return looking;
  }
}
