import { ALL_METRICS, type Metric, type Metrics } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { openTelemetry, type Meter } from './open-telemetry.ts';
import { prometheus, type PromClient } from './prometheus.ts';

/** Uses every metric twice. */
function useAll(metrics: Metrics): void {
  for (const metric of [...ALL_METRICS, ...ALL_METRICS]) {
    const labels = Object.fromEntries(metric.labels.map((label) => [label, 'x']));
    if (metric.kind === 'counter') metrics.add(metric as Metric<'counter'>, 2, labels);
    if (metric.kind === 'gauge') metrics.set(metric as Metric<'gauge'>, 2, labels);
    if (metric.kind === 'histogram') metrics.record(metric as Metric<'histogram'>, 2, labels);
  }
}

test('the example for OpenTelemetry makes each instrument once, with its unit, and gives it every value', () => {
  const made = new Map<string, { kind: string; unit: string; values: unknown[] }>();
  const make =
    (kind: string) =>
    (name: string, { unit }: { unit: string }) => {
      if (made.has(name)) throw new Error(`${name} was made twice`);
      const values: unknown[] = [];
      made.set(name, { kind, unit, values });
      const keep = (value: number, attributes: object): void => void values.push([value, Object.keys(attributes)]);
      return { add: keep, record: keep };
    };
  const meter: Meter = {
    createCounter: make('counter'),
    createGauge: make('gauge'),
    createHistogram: make('histogram'),
  };
  useAll(openTelemetry(meter));
  const expected = ALL_METRICS.map(({ name, kind, unit, labels }): [string, object] => {
    const value = [2, [...labels]];
    return [name, { kind, unit, values: [value, value] }];
  });
  expect([...made]).toEqual(expected);
});

test('the example for prom-client makes each metric once, under a name that Prometheus takes, and gives it every value', () => {
  const made = new Map<string, [kind: string, values: number[]]>();
  const ofKind = (kind: string) =>
    class {
      readonly values: number[] = [];
      constructor({ name }: { readonly name: string }) {
        if (made.has(name)) throw new Error(`${name} was made twice`);
        made.set(name, [kind, this.values]);
      }
      inc(_: object, value: number): void {
        this.values.push(value);
      }
      set(_: object, value: number): void {
        this.values.push(value);
      }
      observe(_: object, value: number): void {
        this.values.push(value);
      }
    };
  const client: PromClient = { Counter: ofKind('counter'), Gauge: ofKind('gauge'), Histogram: ofKind('histogram') };
  useAll(prometheus(client));
  expect([...made]).toEqual(ALL_METRICS.map(({ name, kind }) => [name.replaceAll('.', '_'), [kind, [2, 2]]]));
  expect([...made.keys()].filter((name) => !/^[a-z_]+$/.test(name))).toEqual([]);
});
