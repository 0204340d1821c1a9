import { memory } from '@leftfold/memory';
import type { Batch, Checkpoints, Claim, Cursor, Lane, Reader, Source, SourceRecord } from '@leftfold/subscriptions';

/** What became of a record that was applied. */
export interface Applied {
  readonly lane: Lane;
  readonly id: string;
}
export interface Fault {
  readonly lane: Lane | undefined;
  readonly code: unknown;
  readonly error: unknown;
  readonly retryMs: number | null;
}

/** Where several readers of one follower save their places: what a database would be. */
export class SharedModel {
  readonly checkpoints: Checkpoints = memory().checkpoints;
  readonly applied: Applied[] = [];
  readonly follower = { name: 'tests', version: 1 };

  async cursor(lane: Lane): Promise<Cursor | 'start'> {
    return (await this.checkpoints.list(this.follower)).find((each) => each.lane === lane)?.cursor ?? 'start';
  }

  idsOf(lane: Lane): readonly string[] {
    return this.applied.filter((each) => each.lane === lane).map(({ id }) => id);
  }
}

/** Follows a source as a projector does: claims a lane, applies a batch and moves the place in one step, by compare-and-set. */
export class CheckpointReader implements Reader<SourceRecord> {
  readonly name: string;
  readonly model: SharedModel;
  readonly faults: Fault[] = [];
  readonly recoveries: (Lane | undefined)[] = [];
  readonly lostLanes: Lane[] = [];
  readonly batches: Batch<SourceRecord>[] = [];
  /** Moves that came too late. */
  lostMoves = 0;
  abortedHandlers = 0;
  /** Before a batch is applied; and before the place is told. */
  onBatch: (batch: Batch<SourceRecord>, signal: AbortSignal) => Promise<void> = async () => {};
  onFrom: (lane: Lane) => Promise<void> = async () => {};
  readonly #claims: Map<Lane, Claim> = new Map();

  constructor(name: string, model: SharedModel = new SharedModel()) {
    this.name = name;
    this.model = model;
  }

  async from(lane: Lane): Promise<Cursor | 'start'> {
    const { checkpoints, follower } = this.model;
    const claim = await checkpoints.claim(follower, lane, { owner: this.name, leaseMs: 10_000, respectLease: false });
    await this.onFrom(lane);
    this.#claims.set(lane, claim!);
    return claim!.cursor;
  }

  async handle(batch: Batch<SourceRecord>, signal: AbortSignal): Promise<void> {
    const claim = this.#claims.get(batch.lane)!;
    this.batches.push(batch);
    try {
      await this.onBatch(batch, signal);
    } finally {
      if (signal.aborted) this.abortedHandlers++;
    }
    // As a zombie would: the abort is not what protects, the compare-and-set is.
    try {
      await this.model.checkpoints.save(claim, { from: batch.from, to: batch.to });
    } catch (error) {
      this.lostMoves++;
      throw error;
    }
    for (const { id } of batch.records) this.model.applied.push({ lane: batch.lane, id });
  }

  faulted(lane: Lane | undefined, error: unknown, retryMs: number | null): void {
    const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    this.faults.push({ lane, code, error, retryMs });
  }

  recovered(lane: Lane | undefined): void {
    this.recoveries.push(lane);
  }

  lost(lane: Lane): void {
    this.lostLanes.push(lane);
  }

  codeOf(lane: Lane): unknown {
    return this.faults.findLast((fault) => fault.lane === lane && fault.retryMs === null)?.code;
  }
}

/** A reader at work. */
export interface Following {
  readonly stop: () => Promise<void>;
  /** How its run ends. */
  readonly ended: Promise<void>;
}

/** Sets a reader to work. */
export function follow(source: Source<SourceRecord>, reader: CheckpointReader): Following {
  const running = new AbortController();
  const ended = source.run(reader, running.signal);
  ended.catch(() => undefined);
  return {
    ended,
    stop: async () => {
      running.abort();
      await ended;
    },
  };
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
