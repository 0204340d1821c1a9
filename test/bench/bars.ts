import type { BarOutcome, Row } from './result.ts';
import type { WorkloadId } from './arguments.ts';

/** What a row should reach. */
export interface Bar {
  readonly workload: WorkloadId;
  readonly cases: RegExp;
  readonly metric: string;
  /** A limit, or a peer. */
  readonly against: string;
  readonly atLeast: number;
}

const throughput = (workload: WorkloadId, cases: RegExp, against: string, atLeast: number): Bar => ({
  workload,
  cases,
  metric: 'throughput',
  against,
  atLeast,
});

/** The bars of the headline cases; what stands beside them, as another size of payload, has none. */
const BARS: readonly Bar[] = [
  throughput('W1', /^(1|4|16) writers?$/, 'L2', 0.9),
  throughput('W1', /^64 writers$/, 'L2', 1.5),
  throughput('W1', /^16 writers$/, 'emmett', 3),
  throughput('W2', /^n=\d+$/, 'L2', 0.9),
  throughput('W2', /^n=100$/, 'L3', 0.6),
  throughput('W3', /^one stream$/, 'L2 with one writer', 0.8),
  throughput('W4', /^\d[\d,]* events(, snapshots)?$/, 'L5 + L2', 0.8),
  throughput('W5', /^\d[\d,]* events$/, 'L5', 0.8),
  throughput('W11', /stored/, 'smallest log', 0.8),
  // Within 1.5 times the time that avsc alone takes.
  throughput('W13', /^(encode|decode) Avro$/, 'bare avsc', 0.66),
];

/** How a row stands to its bars. */
export function barsOf(row: Omit<Row, 'bars'>, bars: readonly Bar[] = BARS): readonly BarOutcome[] {
  return bars.flatMap(({ workload, cases, metric, against, atLeast }) => {
    if (workload !== row.workload || metric !== row.metric || !cases.test(row.case)) return [];
    const value = row.limit.name === against ? row.ratio : row.peers.find(({ name }) => name === against)?.ratio;
    if (value === undefined) return [];
    const text = atLeast < 1 ? `≥ ${atLeast.toFixed(2)} of ${against}` : `≥ ${atLeast} × ${against}`;
    return [{ text, value, met: value >= atLeast }];
  });
}
