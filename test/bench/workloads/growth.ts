import { Client } from 'pg';
import type { AppendShape } from '../append-shape.ts';
import { noteStream } from '../bench-aggregate.ts';
import { interleaved } from '../interleaving.ts';
import { THROUGHPUT } from '../metric.ts';
import { PAYLOAD_BYTES } from '../payloads.ts';
import type { Row } from '../result.ts';
import { rowOf } from '../rows.ts';
import type { Run } from '../run.ts';
import { takeSample } from '../sample.ts';
import { leftfoldAppend } from '../sides/leftfold-append.ts';
import { leftfoldHot } from '../sides/hot-streams.ts';
import { leftfoldLoads } from '../sides/rehydration.ts';
import type { Side } from '../sides/side.ts';
import { storedKey, storeLog, type StoredLog } from '../stored-log.ts';
import type { Workload } from './workload.ts';

const SIZES = { quick: [100_000, 1_000_000], full: [100_000, 1_000_000, 10_000_000] };
const EVENTS_EACH = 100;
const WORKERS = 16;
const SMALLEST = 'smallest log';

interface Stored {
  readonly size: number;
  readonly url: string;
  readonly log: StoredLog;
}

/**
 * W11: appends and loads on logs of 10⁵ to 10⁷ stored events, against the smallest one; and once more on the largest while a snapshot is open that
 * is older than an hour of changes to the heads of hot streams, so that none of their dead versions may be cleaned away.
 */
export const growth: Workload = async (run) => {
  const logs: Stored[] = [];
  for (const size of run.quick ? SIZES.quick : SIZES.full) {
    const log = { streams: size / EVENTS_EACH, eventsEach: EVENTS_EACH, payloadBytes: PAYLOAD_BYTES.SMALL };
    const started = performance.now();
    logs.push({ size, log, url: await storeLog(run, log) });
    run.say(
      `W11 stored ${size.toLocaleString('en')} events in ${((performance.now() - started) / 1_000).toFixed(1)} s`,
    );
  }
  await run.server.checkpoint();
  // Sides give their runs different names for streams, by their seed.
  let seed = run.seed;
  const shape = () => ({ seed: ++seed, payloadBytes: PAYLOAD_BYTES.SMALL, events: 1 });
  const rows = [
    ...(await flatness(run, 'append', logs, () => leftfoldAppend(shape()))),
    ...(await flatness(run, 'load', logs, ({ log }) => leftfoldLoads(log))),
  ];
  const largest = logs.at(-1);
  const hot = () => leftfoldHot(shape(), HOT.streams);
  if (largest !== undefined) rows.push(...(await withOldSnapshot(run, logs, largest, shape, hot)));
  for (const { url } of logs) await run.server.drop(url);
  return rows;
};

/** A window on each log, in turns; the logs stay, since copying the largest would take longer than measuring. */
async function flatness(
  run: Run,
  what: string,
  logs: readonly Stored[],
  side: (log: Stored) => Side,
): Promise<readonly Row[]> {
  const values = new Map<Stored, number[]>(logs.map((log) => [log, []]));
  for (const round of interleaved(logs, run.rounds)) {
    for (const log of round) values.get(log)?.push(await speedOn(run, side(log), log.url));
  }
  const [smallest, ...larger] = logs;
  const against = (smallest && values.get(smallest)) ?? [];
  return larger.map((log) => {
    const about = {
      workload: 'W11',
      case: `${what}, ${log.size.toLocaleString('en')} stored`,
      metric: THROUGHPUT,
    } as const;
    const row = rowOf(about, values.get(log) ?? [], { name: SMALLEST, values: against });
    run.say(
      `W11 ${row.case.padEnd(34)} ${row.ours.toFixed(0).padStart(7)} events/s  ${row.ratio.toFixed(2)} of the ${SMALLEST}`,
    );
    return row;
  });
}

/** Streams whose heads are changed, and how often each: an hour of 28 appends a second to a hundred streams. */
const HOT = { streams: 100, changes: { quick: 200, full: 1_000 } };

/**
 * The same while a snapshot is open that is older than an hour of changes to heads, so that none of their dead versions may be cleaned away. Appends to
 * the very streams whose heads were changed so often are what feels it most.
 */
async function withOldSnapshot(
  run: Run,
  logs: readonly Stored[],
  largest: Stored,
  shape: () => AppendShape,
  hot: () => Side,
): Promise<readonly Row[]> {
  const speeds = async (side: () => Side): Promise<readonly number[]> => {
    const values: number[] = [];
    while (values.length < run.rounds) values.push(await speedOn(run, side(), largest.url));
    return values;
  };
  const before = await speeds(hot);
  const old = new Client({ connectionString: largest.url });
  await old.connect();
  await old.query('begin isolation level repeatable read');
  await old.query('select id from leftfold.log');
  await changeHeads(largest.url, run.quick ? HOT.changes.quick : HOT.changes.full);
  const ends = logs.length > 1 ? [logs[0] as Stored, largest] : logs;
  const flat = [
    ...(await flatness(run, 'append with an old snapshot', ends, () => leftfoldAppend(shape()))),
    ...(await flatness(run, 'load with an old snapshot', ends, ({ log }) => leftfoldLoads(log))),
  ];
  const during = await speeds(hot);
  await old.query('rollback');
  await old.end();
  const about = { workload: 'W11', case: 'append to hot streams, old snapshot', metric: THROUGHPUT } as const;
  const row = rowOf(about, during, { name: 'without it', values: before });
  run.say(
    `W11 ${row.case.padEnd(34)} ${row.ours.toFixed(0).padStart(7)} events/s  ${row.ratio.toFixed(2)} of that ${row.limit.name}`,
  );
  return [...flat, row];
}

/** Every change leaves a dead version of each head behind. */
async function changeHeads(url: string, times: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('set synchronous_commit = off');
  const ids = Array.from({ length: HOT.streams }, (_, nth) => noteStream(storedKey(nth)).id);
  const change = `update leftfold.streams set version = version where tenant = '' and stream_id = any ($1)`;
  for (let i = 0; i < times; i++) await client.query({ name: 'change', text: change, values: [ids] });
  await client.end();
}

async function speedOn(run: Run, side: Side, url: string): Promise<number> {
  const open = await side.open(url, WORKERS);
  try {
    return (await takeSample(run.server, open, url, WORKERS, run.window)).perSecond;
  } finally {
    await open.close();
  }
}
