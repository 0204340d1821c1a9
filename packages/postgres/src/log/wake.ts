/** Tells the log readers of a process that something was appended in it. Only a hint: what it misses, the next poll finds. */
export class Wake {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  /** Rises with each signal. Read before a poll, it shows whether something came in since. */
  get count(): number {
    return this.#count;
  }

  signal(): void {
    this.#count += 1;
    for (const wake of this.#waiting) wake();
  }

  /** Resolves after so many milliseconds, as soon as the count differs from `seen`, or when `signal` aborts. Never rejects. */
  wait(ms: number, seen: number, signal: AbortSignal): Promise<void> {
    if (this.#count !== seen || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }
}
