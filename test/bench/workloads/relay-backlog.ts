import { avro } from '@leftfold/avro';
import { kafka, type KafkaOptions } from '@leftfold/kafka';
import { jsonCodec } from '@leftfold/subscriptions';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchKafka } from '../bench-kafka.ts';
import { interleaved } from '../interleaving.ts';
import { COSTS, CPU_OF_BROKER, THROUGHPUT, type Metric } from '../metric.ts';
import { PAYLOAD_BYTES } from '../payloads.ts';
import { bareProducer, bareRead } from '../relays/bare-drains.ts';
import { captureDrain } from '../relays/captured-drain.ts';
import { takeDrain, type Drain, type DrainSample } from '../relays/drain.ts';
import { relayDrain } from '../relays/relay-drain.ts';
import type { Row } from '../result.ts';
import { rowOf } from '../rows.ts';
import type { Run } from '../run.ts';
import { median } from '../statistics.ts';
import { storeLog } from '../stored-log.ts';
import type { Workload } from './workload.ts';

const TOPIC = 'bench.note';
const PARTITIONS = 12;
const EVENTS_EACH = 10;
const CLIENTS = ['kafkajs', 'platformatic'] as const;
type Client = (typeof CLIENTS)[number];

/** How one relay works: over how many lanes, and in how many threads besides its own it publishes. */
interface Way {
  readonly lanes: number;
  readonly threads: number;
}
const PLAIN: Way = { lanes: 1, threads: 0 };
const WAYS: readonly Way[] = [1, 4].flatMap((lanes) => [0, 1, 2, 4].map((threads) => ({ lanes, threads })));

/** How long a backlog is, in which ways it is worked off, and how often that is measured: a million takes a minute and more each time. */
const CASES = {
  quick: [{ events: 20_000, ways: [PLAIN, { lanes: 4, threads: 2 }], rounds: 3 }],
  full: [
    { events: 100_000, ways: WAYS, rounds: 5 },
    { events: 1_000_000, ways: [PLAIN], rounds: 1 },
  ],
};
const SLOWER = 'the slower of L5 and L6';

/**
 * W6: a relay works off a backlog, over both clients, in one lane and in four, in its own thread and in 1, 2 and 4 more; beside it, with Avro. A relay reads and sends, so it
 * can be no faster than the slower of the two alone: that is the limit. Of one lane a batch is made, saved and sent one after the other; several do it side by side.
 */
export const relayBacklog: Workload = async (run) => {
  const broker = await run.kafka();
  const rows: Row[] = [];
  for (const { events, ways, rounds } of run.quick ? CASES.quick : CASES.full) {
    const log = { streams: events / EVENTS_EACH, eventsEach: EVENTS_EACH, payloadBytes: PAYLOAD_BYTES.KIB };
    const url = await storeLog(run, log);
    const options = await optionsFor(broker, TOPIC);
    const captured = await captureDrain(url, events, kafka(options), PARTITIONS);
    const schemas = await mkdtemp(join(tmpdir(), 'leftfold-bench-'));
    const withAvro = { ...options, codec: avro({ registry: schemas, register: true }) };
    const read = bareRead(url, captured);
    const samples = new Map<string, DrainSample[]>();
    const sides = new Map<string, Drain>([['L5', read]]);
    for (const client of CLIENTS) {
      sides.set(`L6 ${client}`, bareProducer(client, broker.brokers, captured));
      for (const way of ways)
        sides.set(nameOf(client, way), relayDrain(url, { ...options, client, threads: way.threads }, way.lanes));
      if (ways.length > 1) sides.set(`${client}, Avro`, relayDrain(url, { ...withAvro, client }, PLAIN.lanes));
    }
    // Its code is compiled before anything counts.
    for (const side of sides.values()) await side.drain(events / 10, () => {});
    for (const round of interleaved([...sides], rounds)) {
      for (const [name, side] of round) {
        const sample = await sampleOf(run, broker, side, events);
        samples.set(name, [...(samples.get(name) ?? []), sample]);
        run.say(
          `W6  ${name.padEnd(24)} ${sample.perSecond.toFixed(0).padStart(7)} events/s, ${(sample.cpuOfClient * 100).toFixed(1)} µs of CPU`,
        );
      }
    }
    const text = events.toLocaleString('en');
    for (const client of CLIENTS) rows.push(...rowsOf(client, text, samples));
    await rm(schemas, { recursive: true, force: true });
    await run.server.drop(url);
  }
  return rows;
};

/** Settings with a topic that is there: many write to it, one after the other. */
export async function optionsFor(broker: BenchKafka, topic: string): Promise<KafkaOptions> {
  await broker.make(topic, PARTITIONS);
  return {
    brokers: broker.brokers,
    clientId: 'bench',
    topics: [{ name: topic, partitions: PARTITIONS }],
    codec: jsonCodec(),
  };
}

function nameOf(client: Client, { lanes, threads }: Way): string {
  const inLanes = lanes === 1 ? [] : [`${lanes} lanes`];
  const inThreads = threads === 0 ? [] : [threads === 1 ? '1 thread' : `${threads} threads`];
  return [client, ...inLanes, ...inThreads].join(', ');
}

/** @throws Error when the topic did not take what the side says was confirmed */
async function sampleOf(run: Run, broker: BenchKafka, side: Drain, events: number): Promise<DrainSample> {
  const before = await broker.taken(TOPIC);
  const sample = await takeDrain(run.server, broker, side, events);
  const taken = (await broker.taken(TOPIC)) - before;
  if (side.name !== 'L5' && taken !== sample.said)
    throw new Error(`${side.name}: ${sample.said} events were confirmed, the topic took ${taken}`);
  return sample;
}

function rowsOf(client: Client, backlog: string, samples: ReadonlyMap<string, readonly DrainSample[]>): readonly Row[] {
  const of = (name: string, value: (sample: DrainSample) => number): readonly number[] =>
    (samples.get(name) ?? []).map(value);
  const speed = (name: string): readonly number[] => of(name, ({ perSecond }) => perSecond);
  const limits = ['L5', `L6 ${client}`];
  const slower = limits.toSorted((a, b) => median(speed(a)) - median(speed(b)))[0] as string;
  const about = (name: string, metric: Metric) => ({ workload: 'W6', case: name, metric }) as const;
  const headline = `${client}, ${backlog}`;
  const besides = [...samples.keys()].filter((name) => name.startsWith(`${client}, `));
  const costs = [
    [COSTS.cpuOfClient, 'cpuOfClient'],
    [COSTS.cpuOfPostgres, 'cpuOfPostgres'],
    [CPU_OF_BROKER, 'cpuOfBroker'],
  ] as const;
  return [
    rowOf(about(headline, THROUGHPUT), speed(client), { name: SLOWER, values: speed(slower) }),
    ...limits.map((limit) => rowOf(about(headline, THROUGHPUT), speed(client), { name: limit, values: speed(limit) })),
    ...besides.map((name) =>
      rowOf(about(name.replace(client, headline), THROUGHPUT), speed(name), { name: SLOWER, values: speed(slower) }),
    ),
    ...[client, ...besides].flatMap((name) =>
      costs.map(([metric, key]) =>
        rowOf(
          about(name.replace(client, headline), metric),
          of(name, (sample) => sample[key]),
          { name: `L6 ${client}`, values: of(`L6 ${client}`, (sample) => sample[key]) },
        ),
      ),
    ),
  ];
}
