import type { Window } from '../closed-loop.ts';
import type { Sample } from '../sample.ts';

/** One that does the work to be measured: ours, a limit, or a peer. Opened once per sample, on a fresh database. */
export interface Side {
  /** How it stands in tables: `Leftfold`, `L2`, `emmett`. */
  readonly name: string;
  /** It has a pool, or a queue, of its own: more work may be given to it than it has connections. Default false: one piece of work a worker. */
  readonly queues?: boolean;
  /** @param url of its database. @param workers how many calls of `work` are under way at the same time */
  open(url: string, workers: number): Promise<OpenSide>;
  /** How many workers it has, whatever the case says. */
  readonly workers?: number;
  /** Instead of `open`, for a program that measures itself, as pgbench. */
  readonly sample?: (url: string, workers: number, window: Window) => Promise<Sample>;
}

export interface OpenSide {
  /** How many events were lost or doubled; asked for when all work has ended. */
  readonly lost?: () => Promise<number>;
  /** Does one piece of work and resolves with how many events that were. */
  readonly work: (worker: number) => Promise<number>;
  readonly close: () => Promise<void>;
}

/** Another store that does the same work, after its probe. */
export interface PeerSide extends Side {
  readonly version: string;
  readonly correct: boolean | null;
  readonly findings: readonly string[];
}
