import type { Metric, MetricLabels, Metrics } from '@leftfold/subscriptions';

/** The part of `prom-client` that is called: give `import promClient from 'prom-client'`. */
export interface PromClient {
  readonly Counter: new (about: About) => { inc(labels: MetricLabels, by: number): void };
  readonly Gauge: new (about: About) => { set(labels: MetricLabels, value: number): void };
  readonly Histogram: new (about: About & { buckets?: number[] }) => {
    observe(labels: MetricLabels, value: number): void;
  };
}
type About = { name: string; help: string; labelNames: string[] };

/** Leftfold's metrics in the default registry of prom-client, as `leftfold_follower_retries`. */
export function prometheus({ Counter, Gauge, Histogram }: PromClient): Metrics {
  const made = new Map<string, unknown>();
  const once = <T>({ name }: Metric, make: () => T): T =>
    (made.has(name) ? made : made.set(name, make())).get(name) as T;
  const about = ({ name, meaning, labels }: Metric): About => ({
    name: name.replaceAll('.', '_'),
    help: meaning,
    labelNames: [...labels],
  });
  return {
    add: (metric, by, labels) => once(metric, () => new Counter(about(metric))).inc(labels, by),
    set: (metric, value, labels) => once(metric, () => new Gauge(about(metric))).set(labels, value),
    record: (metric, value, labels) =>
      once(metric, () => new Histogram({ ...about(metric), buckets: [...(metric.buckets ?? [])] })).observe(
        labels,
        value,
      ),
  };
}
