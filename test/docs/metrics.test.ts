import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALL_METRICS, type Metric } from '@leftfold/subscriptions';
import * as subscriptions from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { root } from './documents.ts';

/** A row of a table: | `name` | kind | unit | labels | meaning |. */
const rows = readFileSync(join(root, 'docs', 'operations', 'metrics.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| `leftfold[.a-z]+` \|/.test(line))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
  .map(([, name = '', kind = '', unit = '', labels = '', meaning = '']) => ({
    name: name.replaceAll('`', ''),
    kind,
    unit: unit.replaceAll('`', ''),
    labels: labels === '' ? [] : labels.split(' ').map((label) => label.replaceAll('`', '')),
    meaning,
  }));

test('docs/operations/metrics.md and the sources list the same metrics, in the same order and words', () => {
  expect(rows.length).toBeGreaterThan(10);
  expect(rows).toEqual(
    ALL_METRICS.map(({ name, kind, unit, labels, meaning }) => ({ name, kind, unit, labels: [...labels], meaning })),
  );
});

test('the list holds every metric that the package has, each once', () => {
  const isMetric = (value: unknown): value is Metric =>
    typeof value === 'object' && value !== null && 'kind' in value && 'unit' in value && 'labels' in value;
  const exported = Object.values(subscriptions as { readonly [name: string]: unknown }).filter(isMetric);
  const names = ALL_METRICS.map(({ name }) => name);
  expect(exported.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  expect(new Set(names).size).toBe(names.length);
});

test('names are as OpenTelemetry’s; a histogram says which bounds suit it', () => {
  for (const { name, buckets, kind } of ALL_METRICS) {
    expect(name).toMatch(/^leftfold(\.[a-z]+){2,3}$/);
    expect(buckets !== undefined, name).toBe(kind === 'histogram');
  }
});
