import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 2;

/** How long it takes from the answer to a command until a query over HTTP shows it. */
export class Freshness {
  readonly #api: string;
  readonly #samplesMs: number[] = [];
  readonly #pending: Promise<void>[] = [];

  constructor(api: string) {
    this.#api = api;
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
    const sorted = this.#samplesMs.toSorted((a, b) => a - b);
    const at = (share: number): string =>
      `${sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]?.toFixed(0)} ms`;
    return `p50 ${at(0.5)}, p99 ${at(0.99)} (${sorted.length} samples)`;
  }

  async #watch(orderId: string, status: string): Promise<void> {
    const from = performance.now();
    for (;;) {
      const response = await fetch(`${this.#api}/orders/${orderId}`);
      const body = (await response.json()) as { readonly status?: unknown };
      if (response.ok && body.status === status) break;
      await sleep(POLL_MS);
    }
    this.#samplesMs.push(performance.now() - from);
  }
}
