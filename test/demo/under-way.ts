/** Work that is awaited later. By itself a promise that rejects before somebody awaits it ends the process, servers and all. */
export class UnderWay {
  /** Each resolves with its fault, if there was one. */
  readonly #works: Promise<{ readonly fault: unknown } | undefined>[] = [];

  add(work: Promise<unknown>): void {
    this.#works.push(
      work.then(
        () => undefined,
        (fault: unknown) => ({ fault }),
      ),
    );
  }

  /** Resolves when all of it has ended. @throws the first fault, in the order of adding */
  async ended(): Promise<void> {
    for (const end of await Promise.all(this.#works)) if (end) throw end.fault;
  }
}
