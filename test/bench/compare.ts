import type { WorkloadId } from './arguments.ts';
import { interleaved } from './interleaving.ts';
import { COSTS, THROUGHPUT, type Metric } from './metric.ts';
import type { Row } from './result.ts';
import { rowOf, type MeasuredPeer } from './rows.ts';
import type { Run } from './run.ts';
import { takeSample, type Sample } from './sample.ts';
import { median } from './statistics.ts';
import type { PeerSide, Side } from './sides/side.ts';

/** Sides that do the same work, measured in turns. */
export interface Comparison {
  readonly workload: WorkloadId;
  readonly name: string;
  readonly workers: number;
  /** The first one is the case itself; others are told apart by what is added to its name. */
  readonly ours: readonly { readonly adds?: string; readonly side: Side }[];
  readonly limits: readonly Side[];
  readonly peers?: readonly PeerSide[];
  readonly metric?: Metric;
  /** Database that each sample begins with a copy of. Default: an empty log. */
  readonly template?: string;
  /** Costs of an event besides the throughput; of the first of ours against the first limit. Default true. */
  readonly costs?: boolean;
}

/** Runs all sides in turns, each sample on a database of its own, and makes a row of each of ours against each limit. */
export async function compare(run: Run, comparison: Comparison): Promise<readonly Row[]> {
  const { workload, name, workers, ours, limits, peers = [], metric = THROUGHPUT, costs = true } = comparison;
  const sides: readonly Side[] = [...ours.map(({ side }) => side), ...limits, ...peers];
  const samples = new Map<Side, Sample[]>(sides.map((side) => [side, []]));
  for (const round of interleaved(sides, run.rounds)) {
    for (const side of round) samples.get(side)?.push(await sampleOf(run, side, workers, comparison.template));
  }
  const of = (side: Side, value: (sample: Sample) => number): readonly number[] => samples.get(side)?.map(value) ?? [];
  const speed = (side: Side): readonly number[] => of(side, ({ perSecond }) => perSecond);

  const measuredPeers: readonly MeasuredPeer[] = peers.map((peer) => ({
    name: peer.name,
    version: peer.version,
    correct: peer.correct,
    findings: peer.findings,
    values: speed(peer),
  }));
  const rows = ours.flatMap(({ adds, side }, nth) =>
    // What stands beside the case is shown against the first limit only.
    (nth === 0 ? limits : limits.slice(0, 1)).map((limit, place) =>
      withLoss(
        of(side, ({ lost }) => lost ?? Number.NaN),
        {
          ...rowOf(
            { workload, case: adds === undefined ? name : `${name}, ${adds}`, metric },
            speed(side),
            { name: limit.name, values: speed(limit) },
            nth === 0 && place === 0 ? measuredPeers : [],
          ),
        },
      ),
    ),
  );
  for (const row of rows) {
    run.say(
      `${workload}  ${row.case.padEnd(34)} ${row.ours.toFixed(0).padStart(7)} ${metric.unit}  ${row.ratio.toFixed(2)} of ${row.limit.name}`,
    );
  }
  const [first, limit] = [ours[0]?.side, limits[0]];
  if (!costs || first === undefined || limit === undefined) return rows;
  const ofCosts = Object.entries(COSTS).flatMap(([key, cost]) => {
    const value = (sample: Sample): number => sample[key as keyof typeof COSTS] ?? Number.NaN;
    const [mine, theirs] = [of(first, value), of(limit, value)];
    if (Number.isNaN(median(mine))) return [];
    return [rowOf({ workload, case: name, metric: cost }, mine, { name: limit.name, values: theirs })];
  });
  return [...rows, ...ofCosts];
}

async function sampleOf(run: Run, side: Side, most: number, template = run.emptyLog): Promise<Sample> {
  const { server, window } = run;
  const workers = side.workers ?? most;
  const url = await server.fresh(template);
  try {
    if (side.sample !== undefined) return await side.sample(url, workers, window);
    const open = await side.open(url, workers);
    try {
      const sample = await takeSample(server, open, url, workers, window);
      return open.lost === undefined ? sample : { ...sample, lost: await open.lost() };
    } finally {
      await open.close();
    }
  } finally {
    await server.drop(url);
  }
}

/** That nothing was lost or doubled is a bar, too, where it was counted. */
function withLoss(lost: readonly number[], row: Row): Row {
  const counted = lost.filter((count) => !Number.isNaN(count));
  if (counted.length === 0) return row;
  const value = counted.reduce((sum, count) => sum + count, 0);
  return { ...row, bars: [...row.bars, { text: 'nothing lost or doubled', value, met: value === 0 }] };
}
