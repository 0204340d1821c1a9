import type { Cursor, Lane, Reader, Source, SourceRecord } from '../source.ts';
import type { SharedSourceOptions } from './shared-source.ts';
import { Reopened, type Flow } from './flow.ts';
import type { AsideReading, SharedLane } from './shared-lane.ts';

/** Lanes that fall behind together are read together: a client that has to join a group for each reading takes seconds for it. */
const GATHER_MS = 20;

interface Aside<R extends SourceRecord> {
  readonly lane: SharedLane<R>;
  readonly flow: Flow<R>;
}
/** One bounded reading, of several lanes. */
interface Run<R extends SourceRecord> {
  readonly asides: Map<Lane, Aside<R>>;
  readonly until: Map<Lane, Cursor>;
  /** Those that are still needed. */
  readonly open: Set<Flow<R>>;
  readonly stop: AbortController;
}

/** The bounded readings of those who are behind. */
export class AsideReadings<R extends SourceRecord> {
  readonly #source: Source<R>;
  readonly #what: Pick<SharedSourceOptions, 'name' | 'only'>;
  readonly #told: (error: unknown, retryMs: number | null) => void;
  readonly #failed: (error: unknown) => void;
  readonly #running = new Set<Promise<void>>();
  readonly #runs = new Set<Run<R>>();
  #gathered: Run<R>[] = [];

  /** @param told hears of faults of the source as a whole @param failed of one that ended a reading */
  constructor(
    source: Source<R>,
    what: Pick<SharedSourceOptions, 'name' | 'only'>,
    told: (error: unknown, retryMs: number | null) => void,
    failed: (error: unknown) => void,
  ) {
    this.#source = source;
    this.#what = what;
    this.#told = told;
    this.#failed = failed;
  }

  begin(lane: SharedLane<R>, flow: Flow<R>, until: Cursor): AsideReading {
    const run = this.#gathered.find(({ asides }) => !asides.has(lane.name)) ?? this.#gather();
    run.asides.set(lane.name, { lane, flow });
    run.until.set(lane.name, until);
    run.open.add(flow);
    return {
      moveOn: (to) => void run.until.set(lane.name, to),
      end: () => {
        run.open.delete(flow);
        if (run.open.size > 0) return;
        run.stop.abort();
        // What falls behind next is to have a reading that still begins.
        this.#gathered = this.#gathered.filter((one) => one !== run);
      },
    };
  }
  /** Ends all of them. Never rejects. */
  async close(): Promise<void> {
    for (const { stop } of this.#runs) stop.abort();
    this.#gathered = [];
    await Promise.all(this.#running);
  }

  #gather(): Run<R> {
    const run: Run<R> = { asides: new Map(), until: new Map(), open: new Set(), stop: new AbortController() };
    this.#gathered.push(run);
    this.#runs.add(run);
    setTimeout(() => {
      this.#gathered = this.#gathered.filter((one) => one !== run);
      const running = this.#read(run).finally(() => {
        this.#running.delete(running);
        this.#runs.delete(run);
      });
      this.#running.add(running);
    }, GATHER_MS);
    return run;
  }

  async #read({ asides, until, open, stop }: Run<R>): Promise<void> {
    const { signal } = stop;
    if (signal.aborted) return;
    const of = (lane: Lane): Aside<R> => asides.get(lane) as Aside<R>;
    const { name, only } = this.#what;
    const reader: Reader<R> = {
      name,
      ...(only && { only }),
      marks: true,
      until,
      from: async (lane, given) => {
        const { lane: shared, flow } = of(lane);
        const isAskedAgain = flow.begun !== undefined;
        if (open.has(flow)) {
          const at = await flow.from(given);
          if (!isAskedAgain || shared.leadsToHead(until.get(lane) as Cursor, at)) return at;
          shared.part(flow);
        }
        // Of one that is not needed any more, the end: there the source is done with it.
        return until.get(lane) as Cursor;
      },
      handle: (batch, given) => of(batch.lane).flow.handle(batch, given),
      faulted: (lane, error, retryMs) => {
        if (error instanceof Reopened) return;
        if (lane === undefined) return this.#told(error, retryMs);
        const { lane: shared, flow } = of(lane);
        if (open.has(flow)) shared.faulted(flow, error, retryMs);
      },
      recovered: (lane) => {
        if (lane !== undefined) of(lane).lane.recovered(of(lane).flow);
      },
    };
    try {
      await this.#source.run(reader, signal);
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    }
    // Where a source has come to its end, and the head has moved on meanwhile.
    for (const { lane, flow } of asides.values()) lane.end(flow);
  }
}
