import { setTimeout as sleep } from 'node:timers/promises';

interface Sample {
  readonly ms: number;
  /** A process was down while it was taken. */
  readonly disturbed: boolean;
}
const POLL_MS = 2;

/** How long it takes from the answer to a command until a query over HTTP shows it. */
export class Freshness {
  readonly #api: string;
  readonly #samples: Sample[] = [];
  readonly #pending: Promise<void>[] = [];
  #down = 0;
  #lastDisturbance = Number.NEGATIVE_INFINITY;

  constructor(api: string) {
    this.#api = api;
  }

  /** Says that a process went down, or is back. */
  disturbed(isDown: boolean): void {
    this.#down += isDown ? 1 : -1;
    this.#lastDisturbance = performance.now();
  }

  /** Watches the order from now until its read model has this status. */
  sample(orderId: string, status: string): void {
    this.#pending.push(this.#watch(orderId, status));
  }

  /** Resolves when all samples are taken. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  report(): string {
    const quiet = this.#samples.filter(({ disturbed }) => !disturbed);
    return `Command → read model: ${percentiles(quiet)}; with the kills ${percentiles(this.#samples)}`;
  }

  async #watch(orderId: string, status: string): Promise<void> {
    const from = performance.now();
    const wasDown = this.#down > 0 || from - this.#lastDisturbance < 2000;
    for (;;) {
      const response = await fetch(`${this.#api}/orders/${orderId}`);
      const body = (await response.json()) as { readonly status?: unknown };
      if (response.ok && body.status === status) break;
      await sleep(POLL_MS);
    }
    this.#samples.push({
      ms: performance.now() - from,
      disturbed: wasDown || this.#down > 0 || this.#lastDisturbance > from,
    });
  }
}

function percentiles(samples: readonly Sample[]): string {
  const sorted = samples.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number): string =>
    `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(0)} ms`;
  return `p50 ${at(0.5)}, p99 ${at(0.99)} (${sorted.length} samples)`;
}
