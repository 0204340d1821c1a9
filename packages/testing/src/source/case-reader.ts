import { setTimeout as pause } from 'node:timers/promises';
import type { Batch, Cursor, Lane, Reader, Source } from '@leftfold/subscriptions';

/** Where the readers of one name save their places, and who owns which lane: what checkpoints are. */
export class SharedPlaces {
  readonly #lanes = new Map<Lane, { cursor: Cursor | 'start'; epoch: number; owner: unknown }>();
  /** Event ids by lane, in the order in which they were applied. */
  readonly #applied = new Map<Lane, string[]>();

  cursor(lane: Lane): Cursor | 'start' {
    return this.#row(lane).cursor;
  }
  applied(lane: Lane): readonly string[] {
    return this.#applied.get(lane) ?? [];
  }
  get appliedCount(): number {
    return [...this.#applied.values()].reduce((sum, ids) => sum + ids.length, 0);
  }
  set(lane: Lane, cursor: Cursor): void {
    this.#row(lane).cursor = cursor;
  }

  /** Undefined while somebody else has it, where that is respected. */
  claim(lane: Lane, owner: unknown, respectOwner: boolean): number | undefined {
    const row = this.#row(lane);
    if (respectOwner && row.owner !== undefined && row.owner !== owner) return undefined;
    row.owner = owner;
    return (row.epoch += 1);
  }
  release(owner: unknown): void {
    for (const row of this.#lanes.values()) if (row.owner === owner) row.owner = undefined;
  }
  /** Applies a batch and moves the place, in one step. @throws when another owner was there */
  apply(epoch: number | undefined, { lane, from, to, records }: Batch): void {
    const row = this.#row(lane);
    if (row.epoch !== epoch || row.cursor !== from)
      throw Object.assign(new Error(`${lane} was claimed anew`), { code: 'LF_LANE_LOST' });
    row.cursor = to;
    this.#applied.set(lane, [...this.applied(lane), ...records.map(({ id }) => id)]);
  }

  #row(lane: Lane): { cursor: Cursor | 'start'; epoch: number; owner: unknown } {
    const row = this.#lanes.get(lane) ?? { cursor: 'start', epoch: 0, owner: undefined };
    this.#lanes.set(lane, row);
    return row;
  }
}

/** A fault as it was told. */
export interface ToldFault {
  readonly lane: Lane | undefined;
  readonly code: unknown;
  readonly isFinal: boolean;
}

/** What a case may change of its reader. */
export interface CaseReaderOptions extends Pick<Reader, 'only' | 'until' | 'marks'> {
  readonly name?: string;
  readonly places?: SharedPlaces;
  /** Before the place is told; before a batch is applied. */
  readonly onFrom?: (lane: Lane, signal: AbortSignal) => Promise<unknown>;
  readonly onBatch?: (batch: Batch, signal: AbortSignal) => Promise<void>;
}

/** A reader at work, as a projector is: it claims a lane, and applies a batch by compare-and-set on place and epoch. */
export class CaseReader {
  readonly places: SharedPlaces;
  readonly batches: Batch[] = [];
  readonly faults: ToldFault[] = [];
  readonly asked: Lane[] = [];
  /** Moves that were refused. */
  refused = 0;
  /** Whether its run has ended. */
  isOver = false;
  readonly #stop = new AbortController();
  readonly #epochs = new Map<Lane, number>();
  readonly #ended: Promise<void>;

  constructor(source: Source, options: CaseReaderOptions = {}) {
    const { name = 'conformance', places = new SharedPlaces(), onFrom, onBatch, only, until, marks } = options;
    this.places = places;
    const reader: Reader = {
      name,
      ...(only && { only }),
      ...(until && { until }),
      ...(marks && { marks }),
      from: async (lane, signal) => {
        this.asked.push(lane);
        await onFrom?.(lane, signal);
        let epoch = places.claim(lane, this, source.ownership === 'leased');
        while (epoch === undefined) {
          await pause(10, undefined, { signal });
          epoch = places.claim(lane, this, true);
        }
        this.#epochs.set(lane, epoch);
        return places.cursor(lane);
      },
      handle: async (batch, signal) => {
        this.batches.push(batch);
        await onBatch?.(batch, signal);
        try {
          places.apply(this.#epochs.get(batch.lane), batch);
        } catch (error) {
          this.refused += 1;
          throw error;
        }
      },
      faulted: (lane, error, retryMs) => {
        const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
        this.faults.push({ lane, code, isFinal: retryMs === null });
      },
    };
    this.#ended = source.run(reader, this.#stop.signal).finally(() => {
      this.isOver = true;
      places.release(this);
    });
    this.#ended.catch(() => undefined);
  }

  /** Why the lane stands still for good. */
  codeOf(lane: Lane): unknown {
    return this.faults.findLast((fault) => fault.lane === lane && fault.isFinal)?.code;
  }
  ended(): Promise<void> {
    return this.#ended;
  }
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}
