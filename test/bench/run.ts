import type { BenchKafka } from './bench-kafka.ts';
import type { BenchServer } from './bench-server.ts';
import type { Window } from './closed-loop.ts';

/** What one run measures with. */
export interface Run {
  readonly server: BenchServer;
  /** The run's one broker, started for the first workload that asks. */
  readonly kafka: () => Promise<BenchKafka>;
  /** A database with the tables of an empty log; to be copied, not used. */
  readonly emptyLog: string;
  readonly quick: boolean;
  readonly seed: number;
  readonly rounds: number;
  readonly window: Window;
  /** Tells what is going on; not part of the result. */
  readonly say: (line: string) => void;
}

/** How long, and how often. */
export function pace(quick: boolean): { readonly rounds: number; readonly window: Window } {
  return quick
    ? { rounds: 3, window: { warmMs: 200, countMs: 400 } }
    : { rounds: 5, window: { warmMs: 400, countMs: 1_000 } };
}
