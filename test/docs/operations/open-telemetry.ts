import type { Metric, Metrics } from '@leftfold/subscriptions';

/** The part of OpenTelemetry's `Meter` that is called: give `metrics.getMeter('leftfold')` of `@opentelemetry/api`. */
export interface Meter {
  createCounter(name: string, about: About): { add(value: number, attributes: Attributes): void };
  createGauge(name: string, about: About): { record(value: number, attributes: Attributes): void };
  createHistogram(name: string, about: About): { record(value: number, attributes: Attributes): void };
}
type Attributes = { [name: string]: string };
type About = { description: string; unit: string; advice?: { explicitBucketBoundaries: number[] } };

/** Leftfold's metrics as OpenTelemetry's. */
export function openTelemetry(meter: Meter): Metrics {
  const made = new Map<string, unknown>();
  const once = <T>({ name }: Metric, make: () => T): T =>
    (made.has(name) ? made : made.set(name, make())).get(name) as T;
  const about = ({ meaning, unit, buckets }: Metric): About => ({
    description: meaning,
    unit,
    ...(buckets && { advice: { explicitBucketBoundaries: [...buckets] } }),
  });
  return {
    add: (metric, by, labels) => once(metric, () => meter.createCounter(metric.name, about(metric))).add(by, labels),
    set: (metric, value, labels) =>
      once(metric, () => meter.createGauge(metric.name, about(metric))).record(value, labels),
    record: (metric, value, labels) =>
      once(metric, () => meter.createHistogram(metric.name, about(metric))).record(value, labels),
  };
}
