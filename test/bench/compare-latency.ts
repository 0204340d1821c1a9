import type { WorkloadId } from './arguments.ts';
import { interleaved } from './interleaving.ts';
import { latency } from './metric.ts';
import { openLoop, type Latencies } from './open-loop.ts';
import type { Row } from './result.ts';
import { rowOf } from './rows.ts';
import type { Run } from './run.ts';
import { percentile } from './statistics.ts';
import type { OpenSide, Side } from './sides/side.ts';
import { Turns } from './turns.ts';

const PERCENTILES = [
  { name: 'p50', share: 0.5 },
  { name: 'p90', share: 0.9 },
  { name: 'p99', share: 0.99 },
  { name: 'p99.9', share: 0.999 },
  { name: 'max', share: 1 },
];

/** Two sides under the same fixed rate. */
export interface LatencyComparison {
  readonly workload: WorkloadId;
  readonly name: string;
  readonly perSecond: number;
  readonly seconds: number;
  /** Connections of each. */
  readonly connections: number;
  readonly ours: Side;
  readonly limit: Side;
}

/**
 * Latencies under a fixed rate, in turns. A percentile is taken in each window; a row has their median. Of n events a window has no percentile beyond
 * 1 − 1/n: what would only repeat the maximum is left out.
 */
export async function compareLatency(run: Run, comparison: LatencyComparison): Promise<readonly Row[]> {
  const { workload, name, perSecond, ours, limit } = comparison;
  const all = new Map<Side, Latencies[]>([
    [ours, []],
    [limit, []],
  ]);
  for (const round of interleaved([ours, limit], run.rounds)) {
    for (const side of round) all.get(side)?.push(await windowOf(run, side, comparison));
  }
  const counted = Math.round(perSecond * comparison.seconds);
  const rows = PERCENTILES.filter(({ share }) => share === 1 || counted * (1 - share) >= 1).map((each) => {
    const of = (side: Side): readonly number[] => (all.get(side) ?? []).map((sorted) => percentile(sorted, each.share));
    return rowOf({ workload, case: name, metric: latency(each.name) }, of(ours), {
      name: limit.name,
      values: of(limit),
    });
  });
  const texts = rows.map(
    ({ metric, ours: value, limit: { value: other } }) => `${metric} ${value.toFixed(2)} (${other.toFixed(2)})`,
  );
  run.say(`${workload}  ${name.padEnd(34)} ${texts.join('  ')} ms, ours (${limit.name})`);
  return rows;
}

async function windowOf(
  run: Run,
  side: Side,
  { perSecond, seconds, connections }: LatencyComparison,
): Promise<Latencies> {
  const url = await run.server.fresh(run.emptyLog);
  try {
    const open = await side.open(url, connections);
    try {
      await warmUp(open, connections, run.window.warmMs);
      const turns = new Turns(connections);
      const work = side.queues === true ? () => open.work(0) : () => turns.run((place) => open.work(place));
      return await openLoop(work, perSecond, {
        warm: Math.ceil(perSecond / 10),
        counted: Math.round(perSecond * seconds),
      });
    } finally {
      await open.close();
    }
  } finally {
    await run.server.drop(url);
  }
}

/** Every connection has been made, and has its statements. */
async function warmUp(open: OpenSide, connections: number, ms: number): Promise<void> {
  const end = performance.now() + ms;
  const loop = async (worker: number): Promise<void> => {
    while (performance.now() < end) await open.work(worker);
  };
  await Promise.all(Array.from({ length: connections }, (_, worker) => loop(worker)));
}
