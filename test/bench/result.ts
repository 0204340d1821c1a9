import type { Environment } from './environment.ts';
import type { WorkloadId } from './arguments.ts';

/** The file that `--json` writes. */
export interface Result {
  readonly environment: Environment;
  readonly settings: {
    readonly mode: 'quick' | 'full';
    readonly seed: number;
    readonly rounds: number;
    readonly warmMs: number;
    readonly countMs: number;
    /** Of the server, by name. */
    readonly postgres: Readonly<Record<string, string>>;
  };
  readonly rows: readonly Row[];
  /** Workloads that ended with an error, which is said here. Empty in a sound run. */
  readonly failures: readonly string[];
}

/** One measured thing against one limit. Values are medians over the rounds. */
export interface Row {
  readonly workload: WorkloadId;
  readonly case: string;
  readonly metric: string;
  readonly unit: string;
  readonly ours: number;
  readonly limit: { readonly name: string; readonly value: number };
  /** More is better, whatever the metric: {@link ratio}. */
  readonly ratio: number;
  readonly peers: readonly PeerValue[];
  /** By round, in the order of the rounds. */
  readonly samples: {
    readonly ours: readonly number[];
    readonly limit: readonly number[];
    readonly peers: Readonly<Record<string, readonly number[]>>;
  };
  readonly bars: readonly BarOutcome[];
}

export interface PeerValue {
  readonly name: string;
  readonly version: string;
  readonly value: number;
  /** Ours against the peer. */
  readonly ratio: number;
  /** Whether its probe passed; `null` where there is nothing to probe, as of a bare statement. */
  readonly correct: boolean | null;
  /** What the probe found. */
  readonly findings: readonly string[];
}

/** A bar, and whether this run reached it. */
export interface BarOutcome {
  /** As `≥ 0.90 of L2`. */
  readonly text: string;
  readonly value: number;
  readonly met: boolean;
}

/** Names a row in a baseline. */
export const rowKey = (row: Pick<Row, 'workload' | 'case' | 'metric' | 'limit'>): string =>
  `${row.workload} · ${row.case} · ${row.metric} · ${row.limit.name}`;
