import type { Row } from './result.ts';
import { range } from './statistics.ts';

/** The rows as text for a terminal: one line each, the bar at its end. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.workload,
    row.case,
    `${row.metric} ${row.unit}`,
    spread(row.ours, row.samples.ours),
    `${row.limit.name} ${spread(row.limit.value, row.samples.limit)}`,
    row.ratio.toFixed(2),
    [...row.bars.map(barText), ...row.peers.map(peerText)].join('; '),
  ]);
  const head = ['', 'case', 'metric', 'ours [min–max]', 'limit [min–max]', 'ratio', 'bars, peers'];
  const all = [head, ...lines];
  const widths = head.map((_, column) => Math.max(...all.map((line) => (line[column] ?? '').length)));
  return all
    .map((line) =>
      line
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A value in as many digits as mean something. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  return size >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** A median with the least and the greatest of its rounds. */
export function spread(value: number, samples: readonly number[]): string {
  const { min, max } = range(samples);
  return `${figure(value)} [${figure(min)}–${figure(max)}]`;
}

const barText = ({ text, met }: Row['bars'][number]): string => `${met ? 'pass' : 'MISS'} ${text}`;

/** A peer's speed never stands without its probe. */
function peerText({ name, value, ratio, correct, findings }: Row['peers'][number]): string {
  const probe = correct === null ? '' : correct ? ', probe passed' : `, PROBE FAILED: ${findings.join(', ')}`;
  return `${name} ${figure(value)} (ours ${ratio.toFixed(2)} ×${probe})`;
}
