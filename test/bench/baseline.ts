import { rowKey, type Row } from './result.ts';

/** Ratios of an earlier run. Ratios move less than figures when the machine changes, but they do: keep one file for each kind of machine. */
export interface Baseline {
  /** How far a ratio may fall, as a share of the stored one, before it counts. */
  readonly tolerance: number;
  readonly ratios: Readonly<Record<string, number>>;
}

/** Single rounds spread by ±30 %, medians of five by half of that. */
const TOLERANCE = 0.15;

/** The throughputs and latencies of a run; costs are left out, since a window's RSS or WAL has no steady ratio. */
export function baselineOf(rows: readonly Row[]): Baseline {
  const kept = rows.filter(({ metric, ratio }) => /^(throughput|p50)$/.test(metric) && Number.isFinite(ratio));
  return {
    tolerance: TOLERANCE,
    ratios: Object.fromEntries(kept.map((row) => [rowKey(row), Math.round(row.ratio * 1_000) / 1_000])),
  };
}

/** What has fallen: a sentence each. Rows that the baseline does not have, and ones that this run left out, are not compared. */
export function fallen(rows: readonly Row[], { tolerance, ratios }: Baseline): readonly string[] {
  return rows.flatMap((row) => {
    const stored = ratios[rowKey(row)];
    if (stored === undefined || row.ratio >= stored * (1 - tolerance)) return [];
    return [`${rowKey(row)}: ${row.ratio.toFixed(2)}, was ${stored.toFixed(2)}`];
  });
}

/** How many rows of this run the baseline has. */
export const compared = (rows: readonly Row[], { ratios }: Baseline): number =>
  rows.filter((row) => rowKey(row) in ratios).length;
