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

/** What a figure should not exceed, whatever the limit is. */
export interface Ceiling {
  readonly workload: WorkloadId;
  readonly cases: RegExp;
  readonly metric: string;
  readonly atMost: number;
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
  throughput('W6', /^(kafkajs|platformatic), [\d,]+$/, 'the slower of L5 and L6', 0.7),
  throughput('W6', /, 4 lanes, 2 threads$/, 'the slower of L5 and L6', 0.7),
  // No more than twice as long.
  { workload: 'W8', cases: /^(log|kafka \S+)$/, metric: 'p50 until visible', against: 'L8', atLeast: 0.5 },
  throughput('W9', /^(log|kafka \S+), (one row per stream|hot rows)/, 'L7', 0.6),
  // Thirty cost no more than three times what one does.
  throughput('W9', /30 projections/, 'one projection', 0.33),
  throughput('W11', /stored/, 'smallest log', 0.8),
  // Within 1.5 times the time that avsc alone takes.
  throughput('W13', /^(encode|decode) Avro$/, 'bare avsc', 0.66),
];

const CEILINGS: readonly Ceiling[] = [
  { workload: 'W7', cases: /half load|trickle/, metric: 'p50', atMost: 5 },
  { workload: 'W7', cases: /half load|trickle/, metric: 'p99', atMost: 25 },
  { workload: 'W12', cases: /./, metric: 'steady again', atMost: 10 },
];

/** How a row stands to its bars. */
export function barsOf(
  row: Omit<Row, 'bars'>,
  bars: readonly Bar[] = BARS,
  ceilings: readonly Ceiling[] = CEILINGS,
): readonly BarOutcome[] {
  const below = ceilings
    .filter(({ workload, metric, cases }) => workload === row.workload && metric === row.metric && cases.test(row.case))
    .map(({ atMost }) => ({ text: `≤ ${atMost} ${row.unit}`, value: row.ours, met: row.ours <= atMost }));
  return [...below, ...ratioBars(row, bars)];
}

function ratioBars(row: Omit<Row, 'bars'>, bars: readonly Bar[]): readonly BarOutcome[] {
  return bars.flatMap(({ workload, cases, metric, against, atLeast }) => {
    if (workload !== row.workload || metric !== row.metric || !cases.test(row.case)) return [];
    const value = row.limit.name === against ? row.ratio : row.peers.find(({ name }) => name === against)?.ratio;
    if (value === undefined) return [];
    const text = atLeast < 1 ? `≥ ${atLeast.toFixed(2)} of ${against}` : `≥ ${atLeast} × ${against}`;
    return [{ text, value, met: value >= atLeast }];
  });
}
