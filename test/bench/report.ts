import { findingOn } from './findings.ts';
import { WORKLOADS, type WorkloadId } from './arguments.ts';
import { disturbance } from './environment.ts';
import { COSTS, CPU_OF_BROKER, STEADY_AGAIN } from './metric.ts';
import type { Result, Row } from './result.ts';
import { figure, spread } from './table.ts';
import { range } from './statistics.ts';

const TITLES: Readonly<Record<WorkloadId, string>> = {
  W1: 'append one event to a new stream',
  W2: 'append 1 to 100 events to existing streams (10,000, drawn by Zipf), 16 writers',
  W3: '16 writers on one stream',
  W4: 'a whole command on a stream of 10 to 1,000 events, 4 writers',
  W5: 'load an aggregate of 10 to 10,000 events, 4 readers',
  W6: 'a relay works off a backlog of 1 KiB events, 12 partitions, one broker',
  W7: 'from commit to acknowledged by Kafka',
  W8: 'from a command to its row',
  W9: 'projections catch up',
  W11: 'growth: the same with ever more events in the log, 16 workers',
  W12: 'a relay is killed (kill -9) under load',
  W13: 'what the format of a payload on the topic costs',
};
const LATENCY_OF: Readonly<Partial<Record<WorkloadId, string>>> = {
  W7: 'Latency in ms from the end of the append to the acknowledgement of all in-sync replicas, appends at fixed rates; ours, and in parentheses a bare client’s send of one record at a trickle:',
};
const COST_NAMES = new Set<string>([...Object.values(COSTS), CPU_OF_BROKER].map(({ name }) => name));
const PERCENTILE = /^(p\d|max)/;

/** The page for people, made of one run. */
export function report(result: Result): string {
  const { rows, settings } = result;
  const warning = disturbance(result.environment);
  const sections = WORKLOADS.filter((id) => rows.some(({ workload }) => workload === id)).map((id) =>
    section(id, rows),
  );
  return [
    '# Benchmarks',
    '',
    'Made by `npm run bench`; the figures are of one run, below. The headline is the **ratio to a limit that was measured in the same run**, in turns with ours,',
    'since figures move with the machine. More is always better: a ratio of 0.9 is nine tenths of the limit’s throughput, or a latency that is longer by a ninth.',
    'How and why it is measured so: [decision 0020](decisions/0020-how-we-measure.md).',
    '',
    ...environment(result),
    '',
    ...(warning === undefined ? [] : [`**${warning}**`, '']),
    '## Bars',
    '',
    ...barTable(rows),
    '',
    ...peerSection(rows),
    ...sections,
    '## Missed bars',
    '',
    ...missed(rows),
    '',
    '## How to repeat it',
    '',
    '    npm run bench -- --json .leftfold/bench.json --report docs/benchmarks.md   # all of it, half an hour',
    '    npm run bench -- --quick                                                   # a minute or two, to see a trend',
    '    npm run bench -- W1 W2                                                     # some workloads',
    '    npm run bench -- --quick --baseline test/bench/baseline.json               # exit code 1 when a ratio has fallen',
    '',
    `This run had seed ${settings.seed} (\`--seed\`). Nothing else should run on the machine. Single rounds spread by up to a third; a difference below 0.1 means nothing.`,
    '',
  ].join('\n');
}

function environment({ environment: at, settings }: Result): readonly string[] {
  const postgres = Object.entries(settings.postgres)
    .map(([name, value]) => `\`${name}=${value}\``)
    .join(' ');
  return [
    '| | |',
    '|---|---|',
    `| Machine | ${at.cpu}, ${at.cores} cores, ${at.memoryGB} GB, ${at.system}; client and server share it |`,
    `| Versions | ${at.postgres}, Node ${at.node} |`,
    `| Postgres | ${postgres} |`,
    `| L1, a page and \`fdatasync\` | ${figure(at.fsyncMicros)} µs |`,
    `| L4, \`select 1\` there and back | ${figure(at.roundTripMicros)} µs |`,
    `| Run | ${settings.mode}, ${at.startedAt.slice(0, 10)}, ${Math.round(at.seconds)} s; ${settings.rounds} rounds in turns, a fresh database each, ${settings.warmMs} ms of warm-up, windows of ${settings.countMs} ms |`,
    `| Load of the machine | ${at.loadBefore.toFixed(1)} before, ${at.loadAfter.toFixed(1)} after |`,
  ];
}

function barTable(rows: readonly Row[]): readonly string[] {
  const bars = rows.flatMap((row) => row.bars.map((bar) => ({ row, bar })));
  const lines = bars.map(
    ({ row, bar }) =>
      `| ${row.workload} | ${row.case} | ${bar.text} | ${/^[≥≤]/.test(bar.text) ? bar.value.toFixed(2) : ''} | ${bar.met ? 'reached' : '**missed**'} |`,
  );
  return ['| | Case | Bar | Here | |', '|---|---|---|---|---|', ...lines];
}

/** Each peer once, with what its probe found. */
function peerSection(rows: readonly Row[]): readonly string[] {
  const peers = new Map(rows.flatMap((row) => row.peers).map((peer) => [peer.name, peer]));
  if (peers.size === 0) return [];
  const lines = [...peers.values()].map(
    ({ name, version, correct, findings }) =>
      `| ${name} ${version} | ${correct === null ? 'nothing to probe: our statement' : correct ? 'passed' : `**failed**: ${findings.join('; ')}`} |`,
  );
  return [
    '## Peers and their probes',
    '',
    'A store is only as fast as what it promises. So each peer is probed first: 16 appends at once with one expectation (one must win), 2,000 concurrent appends',
    'that its own reader reads meanwhile (each once, each stream in order), and two overlapping transactions. Ids are those of [hazards.md](hazards.md).',
    '',
    '| Peer | Probe |',
    '|---|---|',
    ...lines,
    '',
  ];
}

function section(id: WorkloadId, all: readonly Row[]): string {
  const rows = all.filter(({ workload }) => workload === id);
  const speeds = rows.filter(({ metric }) => metric === 'throughput' || metric === STEADY_AGAIN.name);
  const latencies = rows.filter(({ metric }) => PERCENTILE.test(metric));
  const costs = rows.filter(({ metric }) => COST_NAMES.has(metric));
  return [
    `## ${id}: ${TITLES[id]}`,
    '',
    ...(speeds.length > 0 ? speedTable(speeds) : []),
    ...(latencies.length > 0
      ? [
          '',
          LATENCY_OF[id] ??
            'Latency in ms from the intended start, at fixed rates; ours, and the limit in parentheses:',
          '',
          ...latencyTable(latencies),
        ]
      : []),
    ...(costs.length > 0
      ? ['', 'What an event costs; ours, and the limit in parentheses:', '', ...costTable(costs)]
      : []),
    '',
  ].join('\n');
}

function speedTable(rows: readonly Row[]): readonly string[] {
  const lines = rows.map((row) => {
    const peers = row.peers.map(
      ({ name, value, ratio: times, correct }) =>
        `${name} ${figure(value)} (ours ${times.toFixed(2)} ×${correct === false ? ', probe failed' : ''})`,
    );
    const limit = `${row.limit.name}: ${spread(row.limit.value, row.samples.limit)}`;
    return `| ${row.case} | ${spread(row.ours, row.samples.ours)} ${row.unit} | ${limit} | **${row.ratio.toFixed(2)}** ${byRound(row)} | ${peers.join('; ')} |`;
  });
  return ['| Case | Ours [min–max] | Limit [min–max] | Ratio [by round] | Peers |', '|---|---|---|---|---|', ...lines];
}

/** Least and greatest ratio of rounds: how much the machine moved. */
function byRound({ samples }: Row): string {
  const pairs = samples.ours.map((value, round) => value / (samples.limit[round] ?? Number.NaN));
  const { min, max } = range(pairs);
  return `[${min.toFixed(2)}–${max.toFixed(2)}]`;
}

/** One line a case, one column a metric. */
function pivot(rows: readonly Row[], title: (row: Row) => string, cell: (row: Row) => string): readonly string[] {
  const metrics = [...new Map(rows.map((row) => [row.metric, title(row)]))];
  const cases = [...new Set(rows.map((row) => row.case))];
  const lines = cases.map((name) => {
    const cells = metrics.map(([metric]) => {
      const row = rows.find((one) => one.case === name && one.metric === metric);
      return row === undefined ? '' : cell(row);
    });
    return `| ${[name, ...cells].join(' | ')} |`;
  });
  return [
    `| Case | ${metrics.map(([, text]) => text).join(' | ')} |`,
    `|---${'|---'.repeat(metrics.length)}|`,
    ...lines,
  ];
}

const against = ({ ours, limit }: Row): string => `${figure(ours)} (${figure(limit.value)})`;
const latencyTable = (rows: readonly Row[]): readonly string[] => pivot(rows, ({ metric }) => metric, against);
const costTable = (rows: readonly Row[]): readonly string[] =>
  pivot(rows, ({ metric, unit }) => `${metric}, ${unit}`, against);

function missed(rows: readonly Row[]): readonly string[] {
  const bars = rows.flatMap((row) => row.bars.filter(({ met }) => !met).map((bar) => ({ row, bar })));
  if (bars.length === 0) return ['None.'];
  return bars.map(
    ({ row, bar }) =>
      `- **${row.workload}, ${row.case}: ${bar.value.toFixed(2)}, ${bar.text}.** What the profile shows, and what it would take: ${findingOn(row)}`,
  );
}
