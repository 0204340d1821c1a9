import type { Metric, MetricLabels, Metrics } from '@leftfold/subscriptions';

/** One thing that was counted, set or recorded. */
export interface CollectedValue {
  readonly metric: Metric;
  readonly labels: MetricLabels;
  readonly value: number;
}
/** {@link Metrics} that can be asked. Labels that are given narrow the answer; those left out may be anything. */
export interface CollectedMetrics extends Metrics {
  /** Everything, in the order it came. */
  readonly values: readonly CollectedValue[];
  /** What was used otherwise than it is defined, in words: a gauge that is added to, a label that is missing. Expect none. */
  readonly misuses: readonly string[];
  /** The sum of a counter. */
  total(counter: Metric<'counter'>, labels?: MetricLabels): number;
  /** What a gauge was set to last; `undefined` when it never was. */
  last(gauge: Metric<'gauge'>, labels?: MetricLabels): number | undefined;
  /** What a histogram was given. */
  recorded(histogram: Metric<'histogram'>, labels?: MetricLabels): readonly number[];
}

/** Metrics that keep what they are told, for tests: `relay({ …, metrics: collectMetrics() })`. */
export function collectMetrics(): CollectedMetrics {
  const values: CollectedValue[] = [];
  const misuses: string[] = [];
  const keep = (kind: Metric['kind'], metric: Metric, value: number, labels: MetricLabels): void => {
    const given = Object.keys(labels).toSorted().join(', ');
    const wanted = metric.labels.toSorted().join(', ');
    if (metric.kind !== kind) misuses.push(`${metric.name} is a ${metric.kind}, not a ${kind}`);
    if (given !== wanted) misuses.push(`${metric.name} has the labels ${wanted}, not ${given}`);
    if (!Number.isFinite(value) || (kind === 'counter' && value < 0)) misuses.push(`${metric.name} was given ${value}`);
    values.push({ metric, value, labels: { ...labels } });
  };
  const of = ({ name }: Metric, labels: MetricLabels = {}): readonly number[] =>
    values
      .filter(
        (one) => one.metric.name === name && Object.keys(labels).every((label) => one.labels[label] === labels[label]),
      )
      .map(({ value }) => value);
  return {
    values,
    misuses,
    add: (counter, by, labels) => keep('counter', counter, by, labels),
    set: (gauge, value, labels) => keep('gauge', gauge, value, labels),
    record: (histogram, value, labels) => keep('histogram', histogram, value, labels),
    total: (counter, labels) => of(counter, labels).reduce((sum, by) => sum + by, 0),
    last: (gauge, labels) => of(gauge, labels).at(-1),
    recorded: of,
  };
}
