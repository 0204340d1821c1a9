import { kafka } from '@leftfold/kafka';
import { postgres } from '@leftfold/postgres';
import { benchPool } from '../bench-pool.ts';
import type { BenchKafka } from '../bench-kafka.ts';
import { closedLoop } from '../closed-loop.ts';
import { latency } from '../metric.ts';
import { PAYLOAD_BYTES } from '../payloads.ts';
import { AckTimes, machineTime } from '../relays/ack-times.ts';
import { bareProducer } from '../relays/bare-drains.ts';
import { captureDrain } from '../relays/captured-drain.ts';
import { PacedAppends } from '../relays/paced-appends.ts';
import { relayElsewhere, relayHere, type RunningRelay } from '../relays/running-relay.ts';
import type { Row } from '../result.ts';
import { rowOf } from '../rows.ts';
import type { Run } from '../run.ts';
import { percentile } from '../statistics.ts';
import { storeLog } from '../stored-log.ts';
import { optionsFor } from './relay-backlog.ts';
import type { Workload } from './workload.ts';

const TOPIC = 'bench.note';
const CLIENTS = ['kafkajs', 'platformatic'] as const;
type Client = (typeof CLIENTS)[number];
const WRITERS = 16;
const TRICKLE = 5;
const PERCENTILES = [
  { name: 'p50', share: 0.5 },
  { name: 'p90', share: 0.9 },
  { name: 'p99', share: 0.99 },
  { name: 'max', share: 1 },
];
/** A trickle is measured in one piece: a percentile of some ten events would be the longest of them. */
const LENGTHS = { quick: { half: 1, trickle: 4, rounds: 2 }, full: { half: 3, trickle: 25, rounds: 5 } };
const ACKNOWLEDGED_MS = 20_000;

/**
 * W7: from the end of an append to the acknowledgement of its record, at half of what appends and relay together can do and at a trickle; with the relay in the process that
 * appends, and in another one.
 */
export const relayLatency: Workload = async (run) => {
  const broker = await run.kafka();
  const rows: Row[] = [];
  const { half, trickle, rounds } = run.quick ? LENGTHS.quick : LENGTHS.full;
  for (const client of CLIENTS) {
    const floor = await bareLatencies(run, broker, client);
    for (const place of ['same process', 'other process'] as const) {
      const peak = await withRelay(run, broker, client, place, ({ appends, times }) => peakOf(appends, times));
      const perSecond = Math.round(peak / 2);
      const cases = [
        { name: 'half load', perSecond, seconds: half, rounds },
        { name: `trickle ${TRICKLE}/s`, perSecond: TRICKLE, seconds: trickle, rounds: 1 },
      ];
      for (const one of cases) {
        const windows: Float64Array[] = [];
        while (windows.length < one.rounds)
          windows.push(await withRelay(run, broker, client, place, (scene) => windowOf(scene, one)));
        const texts: string[] = [];
        for (const { name, share } of PERCENTILES) {
          const about = { workload: 'W7', case: `${client}, ${one.name}, ${place}`, metric: latency(name) } as const;
          const values = windows.map((sorted) => percentile(sorted, share));
          const row = rowOf(about, values, { name: 'L6', values: [percentile(floor, share)] });
          texts.push(`${name} ${row.ours.toFixed(2)} (${row.limit.value.toFixed(2)})`);
          rows.push(row);
        }
        run.say(`W7  ${`${client}, ${one.name}, ${place}`.padEnd(40)} ${one.perSecond}/s  ${texts.join('  ')} ms`);
      }
    }
  }
  return rows;
};

interface Scene {
  readonly appends: PacedAppends;
  readonly times: AckTimes;
}

async function withRelay<T>(
  run: Run,
  broker: BenchKafka,
  client: Client,
  place: 'same process' | 'other process',
  measure: (scene: Scene) => Promise<T>,
): Promise<T> {
  const url = await run.server.fresh(run.emptyLog);
  const pool = benchPool(url, WRITERS + 3);
  const storage = postgres({ pool });
  const times = new AckTimes();
  const options = { ...(await optionsFor(broker, TOPIC)), client };
  const shape = { seed: run.seed, payloadBytes: PAYLOAD_BYTES.KIB, events: 1 };
  const appends = new PacedAppends(storage.store, times, shape);
  let relay: RunningRelay | undefined;
  try {
    relay =
      place === 'same process' ? await relayHere(storage, options, times) : await relayElsewhere(url, options, times);
    // Connected, claimed, and its code compiled.
    await appends.run(200, 2);
    await times.all(ACKNOWLEDGED_MS);
    return await measure({ appends, times });
  } finally {
    await relay?.stop();
    await pool.end();
    await run.server.drop(url);
  }
}

/** How many a second come through while writers do all they can. */
async function peakOf(appends: PacedAppends, times: AckTimes): Promise<number> {
  const window = { warmMs: 500, countMs: 1_500 };
  let before = 0;
  const peak = await closedLoop(WRITERS, () => appends.one(), window, {
    begin: async () => void (before = times.count),
    end: async ({ seconds }) => (times.count - before) / seconds,
  });
  await times.all(ACKNOWLEDGED_MS);
  return peak;
}

async function windowOf(
  { appends, times }: Scene,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<Float64Array> {
  await appends.run(perSecond, Math.min(1, seconds / 4));
  const since = machineTime();
  await appends.run(perSecond, seconds);
  await times.all(ACKNOWLEDGED_MS);
  return times.latencies(since);
}

/** A bare client's sends of one record each, one after the other: no acknowledgement comes sooner. */
async function bareLatencies(run: Run, broker: BenchKafka, client: Client): Promise<Float64Array> {
  const url = await storeLog(run, { streams: 200, eventsEach: 1, payloadBytes: PAYLOAD_BYTES.KIB });
  const options = await optionsFor(broker, TOPIC);
  const { batches, reads } = await captureDrain(url, 200, kafka(options), options.topics[0]?.partitions ?? 1);
  await run.server.drop(url);
  const singles = batches.flatMap((batch) => batch.map((record) => [record]));
  const found: number[] = [];
  const sends = bareProducer(client, broker.brokers, { batches: singles, reads });
  let began = 0;
  await sends.drain(singles.length, () => {
    const now = performance.now();
    if (began > 0) found.push(now - began);
    began = now;
  });
  return Float64Array.from(found.slice(50)).sort();
}
