/** When each event was committed, and when Kafka had acknowledged it; both by the clock of this machine, in whichever process. */
export class AckTimes {
  readonly #committed = new Map<string, number>();
  readonly #acknowledged = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #missing = 0;

  committed(id: string, at: number = machineTime()): void {
    this.#committed.set(id, at);
    if (!this.#acknowledged.has(id)) this.#missing++;
  }

  /** Of a record sent again the first time counts. */
  acknowledged(ids: readonly string[], at: number = machineTime()): void {
    for (const id of ids) {
      if (this.#acknowledged.has(id)) continue;
      this.#acknowledged.set(id, at);
      if (this.#committed.has(id)) this.#missing--;
    }
    for (const listener of this.#listeners) listener();
  }

  get count(): number {
    return this.#acknowledged.size;
  }

  /** Milliseconds between the two, of what was committed from `since` on and is acknowledged; sorted. An acknowledgement may overtake its commit's. */
  latencies(since: number): Float64Array {
    const found: number[] = [];
    for (const [id, at] of this.#committed) {
      const end = this.#acknowledged.get(id);
      if (at >= since && end !== undefined) found.push(Math.max(0, end - at));
    }
    return Float64Array.from(found).sort();
  }

  /** By when everything committed before it was acknowledged no later than this long afterwards, for good: the end of a disturbance. */
  steadyFrom(since: number, withinMs: number): number {
    let steady = since;
    for (const [id, at] of this.#committed) {
      const end = this.#acknowledged.get(id) ?? Number.POSITIVE_INFINITY;
      if (end > since && end - at > withinMs) steady = Math.max(steady, end);
    }
    return steady;
  }

  /** Events that were committed and never acknowledged. */
  get missing(): number {
    return this.#missing;
  }

  /** Resolves when all that was committed is acknowledged. @throws Error after `timeoutMs` */
  async all(timeoutMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => {
      if (this.#missing === 0) resolve();
    };
    const timer = setTimeout(
      () => reject(new Error(`${this.#missing} events were not acknowledged within ${timeoutMs} ms`)),
      timeoutMs,
    );
    this.#listeners.add(look);
    look();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#listeners.delete(look);
    }
  }
}

/** Milliseconds, the same in all processes of this machine. */
export const machineTime = (): number => performance.timeOrigin + performance.now();
