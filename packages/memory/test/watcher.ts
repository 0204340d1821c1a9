import type { Batch, Cursor, Lane, Reader } from '@leftfold/subscriptions';

/** A follower whose places are in memory: what it has seen, by stream, and whether each batch joined the one before. */
export class Watcher implements Reader {
  readonly name: string;
  readonly marks = true;
  readonly places = new Map<Lane, Cursor>();
  readonly seen = new Map<string, number[]>();
  readonly told: string[] = [];
  batches = 0;
  /** What is done before a batch counts as dealt with; rejecting makes it lost. */
  before: (batch: Batch, signal: AbortSignal) => Promise<void> = async () => {};
  beforeFrom: () => Promise<void> = async () => {};
  #busy = new Set<Lane>();

  constructor(name: string) {
    this.name = name;
  }
  async from(lane: Lane): Promise<Cursor | 'start'> {
    await this.beforeFrom();
    return this.places.get(lane) ?? 'start';
  }
  async handle(batch: Batch, signal: AbortSignal): Promise<void> {
    if (this.#busy.has(batch.lane)) this.told.push(`two batches of ${batch.lane} at once`);
    if (batch.from !== (this.places.get(batch.lane) ?? 'start')) this.told.push(`${batch.from} is not where it stands`);
    this.#busy.add(batch.lane);
    try {
      await this.before(batch, signal);
      for (const { key, streamVersion } of batch.records) {
        const versions = this.seen.get(key) ?? [];
        this.seen.set(key, versions);
        versions.push(Number(streamVersion));
      }
      this.places.set(batch.lane, batch.to);
      this.batches += 1;
    } finally {
      this.#busy.delete(batch.lane);
    }
  }
  faulted(lane: Lane | undefined, error: unknown, retryMs: number | null): void {
    this.told.push(`${lane} ${String((error as { code?: unknown }).code)}${retryMs === null ? ' for good' : ''}`);
  }
  get count(): number {
    return [...this.seen.values()].reduce((sum, { length }) => sum + length, 0);
  }
  /** The streams of which it has seen other than every event once, in order. */
  wrong(each: number): readonly string[] {
    const all = Array.from({ length: each }, (_, i) => i + 1).join();
    return [...this.seen].filter(([, versions]) => versions.join() !== all).map(([key]) => key);
  }
}
