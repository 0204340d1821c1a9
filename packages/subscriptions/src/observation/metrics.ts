/** `counter`: a sum that only grows. `gauge`: what something is now. `histogram`: a distribution. */
export type MetricKind = 'counter' | 'gauge' | 'histogram';

/** What a metric is: enough to make an instrument of it in any system of metrics. All of them stand in `metric-names.ts`. */
export interface Metric<K extends MetricKind = MetricKind, L extends string = string> {
  /** As OpenTelemetry names: `leftfold.follower.retries`. Where dots are not allowed, make underscores of them. */
  readonly name: string;
  readonly kind: K;
  /** As UCUM writes it: `s`, `{event}`. */
  readonly unit: string;
  /** All of them, at each call. */
  readonly labels: readonly L[];
  /** One sentence, for people. */
  readonly meaning: string;
  /** Of a histogram: upper bounds that suit what it measures. */
  readonly buckets?: readonly number[];
}

/** A value for each label. The number of combinations is bounded by lanes and codes: no key, stream, event or host is ever among them. */
export type MetricLabels<L extends string = string> = { readonly [label in L]: string };

/**
 * Where numbers go. Knows no vendor: a dozen lines connect prom-client or OpenTelemetry, see docs/operations/metrics.md. Called per batch, attempt and
 * measurement, never per event; must answer at once. One that throws is left alone: what it measures goes on.
 */
export interface Metrics {
  /** Adds to a counter. `by` is not negative. */
  add<L extends string>(counter: Metric<'counter', L>, by: number, labels: MetricLabels<L>): void;
  /** What a gauge is from now on. */
  set<L extends string>(gauge: Metric<'gauge', L>, value: number, labels: MetricLabels<L>): void;
  /** One more value of a histogram. */
  record<L extends string>(histogram: Metric<'histogram', L>, value: number, labels: MetricLabels<L>): void;
}
