import { setTimeout as sleep } from 'node:timers/promises';
import { UnderWay } from './under-way.ts';

const POLL_MS = 2;
const LIMIT_MS = 60_000;

/** How long it takes from the answer to a command until a query over HTTP shows it. */
export class Freshness {
  readonly #api: string;
  readonly #samplesMs: number[] = [];
  readonly #watches: UnderWay = new UnderWay();

  constructor(api: string) {
    this.#api = api;
  }

  /** Watches the order from now until its read model has this status. */
  sample(orderId: string, status: string): void {
    this.#watches.add(this.#watch(orderId, status));
  }

  /** Resolves when all samples are taken. @throws when one did not come within a minute */
  async settled(): Promise<void> {
    await this.#watches.ended();
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
      if (performance.now() - from > LIMIT_MS)
        throw new Error(`order ${orderId} is not shown as ${status} after ${LIMIT_MS / 1000} s`);
      await sleep(POLL_MS);
    }
    this.#samplesMs.push(performance.now() - from);
  }
}
