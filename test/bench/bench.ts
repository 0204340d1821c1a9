// npm run bench: how fast, how it compares with what is possible on this machine, and with others. `--help` lists what it takes.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArguments, USAGE, type Arguments, type WorkloadId } from './arguments.ts';
import { baselineOf, compared, fallen, type Baseline } from './baseline.ts';
import { startBenchKafka, type BenchKafka } from './bench-kafka.ts';
import { startBenchServer } from './bench-server.ts';
import { makeEmptyLog } from './empty-log.ts';
import { disturbance, environmentOf, serverSettings } from './environment.ts';
import { report } from './report.ts';
import type { Result, Row } from './result.ts';
import { pace } from './run.ts';
import { figure, table } from './table.ts';
import { codecs } from './workloads/codecs.ts';
import { commands } from './workloads/commands.ts';
import { existingStreams } from './workloads/existing-streams.ts';
import { growth } from './workloads/growth.ts';
import { newStreams } from './workloads/new-streams.ts';
import { oneStream } from './workloads/one-stream.ts';
import { projectionCatchUp } from './workloads/projection-catch-up.ts';
import { relayBacklog } from './workloads/relay-backlog.ts';
import { relayKilled } from './workloads/relay-killed.ts';
import { relayLatency } from './workloads/relay-latency.ts';
import { rehydration } from './workloads/rehydration.ts';
import { visibleLatency } from './workloads/visible-latency.ts';
import { warmCode } from './warm-code.ts';
import type { Workload } from './workloads/workload.ts';

const WORKLOADS: Readonly<Record<WorkloadId, Workload>> = {
  W1: newStreams,
  W2: existingStreams,
  W3: oneStream,
  W4: commands,
  W5: rehydration,
  W6: relayBacklog,
  W7: relayLatency,
  W8: visibleLatency,
  W9: projectionCatchUp,
  W11: growth,
  W12: relayKilled,
  W13: codecs,
};

if (process.argv.includes('--help')) console.log(USAGE);
else process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let asked: Arguments;
  try {
    asked = parseArguments(args);
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
  // Not after a quarter of an hour.
  for (const file of [asked.json, asked.report, asked.saveBaseline]) if (file !== undefined) appendFileSync(file, '');
  const result =
    asked.from === undefined ? await measure(asked) : (JSON.parse(readFileSync(asked.from, 'utf8')) as Result);
  const { rows } = result;
  console.log(`\n${table(rows)}\n`);
  if (asked.json !== undefined) writeFileSync(asked.json, `${JSON.stringify(result, undefined, 1)}\n`);
  if (asked.report !== undefined) writeFileSync(asked.report, report(result));
  if (asked.saveBaseline !== undefined) saveBaseline(asked.saveBaseline, result);
  const bars = rows.flatMap((row) => row.bars);
  console.log(`${bars.filter(({ met }) => met).length} of ${bars.length} bars reached`);
  for (const failure of result.failures) console.log(`FAILED ${failure}`);
  if (asked.baseline !== undefined && !holdsAgainst(asked.baseline, rows)) return 1;
  return result.failures.length === 0 ? 0 : 1;
}

/** A busy machine's ratios would be held against every quiet run to come. */
function saveBaseline(file: string, { environment, rows }: Result): void {
  const warning = disturbance(environment);
  if (warning !== undefined) console.log(`${file} is not written. ${warning}`);
  else writeFileSync(file, `${JSON.stringify(baselineOf(rows), undefined, 2)}\n`);
}

async function measure(asked: Arguments): Promise<Result> {
  const say = (line: string): void => console.error(line);
  const server = await startBenchServer();
  let broker: Promise<BenchKafka> | undefined;
  const kafka = (): Promise<BenchKafka> => (broker ??= startBenchKafka());
  try {
    const started = performance.now();
    const environment = await environmentOf(server);
    const { rounds, window } = pace(asked.quick);
    const postgres = await serverSettings(server);
    say(`${environment.cpu}, ${environment.cores} cores, ${environment.memoryGB} GB, ${environment.system}`);
    say(`${environment.postgres}, Node ${environment.node}; load ${environment.loadBefore.toFixed(1)}`);
    say(
      Object.entries(postgres)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
    );
    say(
      `write + fdatasync ${figure(environment.fsyncMicros)} µs, select 1 ${figure(environment.roundTripMicros)} µs; seed ${asked.seed}\n`,
    );
    const emptyLog = await makeEmptyLog(server);
    const warning = disturbance(environment);
    if (warning !== undefined) say(`${warning}\n`);
    const run = { server, kafka, emptyLog, quick: asked.quick, seed: asked.seed, rounds, window, say };
    await warmCode(run);
    const rows: Row[] = [];
    const failures: string[] = [];
    for (const id of asked.workloads) {
      try {
        rows.push(...(await WORKLOADS[id](run)));
      } catch (error) {
        // The others are worth their time all the same.
        failures.push(`${id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        say(failures.at(-1) ?? '');
      }
    }
    const seconds = (performance.now() - started) / 1000;
    return {
      environment: { ...environment, loadAfter: loadavg()[0] ?? 0, seconds },
      settings: { mode: asked.quick ? 'quick' : 'full', seed: asked.seed, rounds, ...window, postgres },
      rows,
      failures,
    };
  } finally {
    await broker?.then((started) => started.stop());
    await server.stop();
  }
}

function holdsAgainst(file: string, rows: readonly Row[]): boolean {
  const baseline = JSON.parse(readFileSync(file, 'utf8')) as Baseline;
  const found = fallen(rows, baseline);
  for (const line of found) console.log(`fallen: ${line}`);
  console.log(`${compared(rows, baseline)} ratios compared with the baseline, ${found.length} have fallen`);
  return found.length === 0;
}
