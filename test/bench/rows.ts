import type { WorkloadId } from './arguments.ts';
import { barsOf } from './bars.ts';
import { ratio, type Metric } from './metric.ts';
import type { Row } from './result.ts';
import { median } from './statistics.ts';

/** A value of each round. */
export interface Measured {
  readonly name: string;
  readonly values: readonly number[];
}

/** A peer's values, with what is known of it. */
export interface MeasuredPeer extends Measured {
  readonly version: string;
  readonly correct: boolean | null;
  readonly findings: readonly string[];
}

/** The row of a metric: medians, ratios, bars. */
export function rowOf(
  about: { readonly workload: WorkloadId; readonly case: string; readonly metric: Metric },
  ours: readonly number[],
  limit: Measured,
  peers: readonly MeasuredPeer[] = [],
): Row {
  const { workload, metric } = about;
  const value = median(ours);
  const against = (values: readonly number[]): number => ratio(metric, value, median(values));
  const row = {
    workload,
    case: about.case,
    metric: metric.name,
    unit: metric.unit,
    ours: value,
    limit: { name: limit.name, value: median(limit.values) },
    ratio: against(limit.values),
    peers: peers.map(({ name, version, values, correct, findings }) => ({
      name,
      version,
      value: median(values),
      ratio: against(values),
      correct,
      findings,
    })),
    samples: {
      ours,
      limit: limit.values,
      peers: Object.fromEntries(peers.map(({ name, values }) => [name, values])),
    },
  };
  return { ...row, bars: barsOf(row) };
}
