/** How many times the interval the number of those left out is kept for a line that may never be said again. */
const KEPT = 60;

/** How often the same thing may be said. Of each kind one within the time, the first at once. */
export class RateLimit {
  readonly #everyMs: number;
  readonly #now: () => number;
  readonly #said = new Map<string, { readonly at: number; suppressed: number }>();

  /** @param now milliseconds of any clock that never goes back */
  constructor(everyMs: number, now: () => number = () => performance.now()) {
    this.#everyMs = everyMs;
    this.#now = now;
  }

  /** How many of this kind were left out since it was said last; `undefined` when it must be left out, too. */
  pass(kind: string): number | undefined {
    const now = this.#now();
    const last = this.#said.get(kind);
    if (last !== undefined && now - last.at < this.#everyMs) {
      last.suppressed += 1;
      return undefined;
    }
    this.#forgetOld(now);
    this.#said.set(kind, { at: now, suppressed: 0 });
    return last?.suppressed ?? 0;
  }

  /** Kinds that are remembered. */
  get size(): number {
    return this.#said.size;
  }

  /** Kinds are named after codes, of which a fault may bring new ones for ever. */
  #forgetOld(now: number): void {
    for (const [kind, { at, suppressed }] of this.#said)
      if (now - at >= (suppressed === 0 ? 2 : KEPT) * this.#everyMs) this.#said.delete(kind);
  }
}
