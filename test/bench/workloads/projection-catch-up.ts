import { kafka, type KafkaOptions } from '@leftfold/kafka';
import { randomUUID } from 'node:crypto';
import type { BenchKafka } from '../bench-kafka.ts';
import { interleaved } from '../interleaving.ts';
import { COSTS, THROUGHPUT } from '../metric.ts';
import { PAYLOAD_BYTES } from '../payloads.ts';
import { bareCatchUp, bareLogFeed, bareTopicFeed, type BareFeed } from '../projections/bare-catch-ups.ts';
import { bareUpserts } from '../projections/bare-upserts.ts';
import { catchUp, type Feed } from '../projections/catch-up.ts';
import { HOT_ROWS, hotNotes, notes, ofAll, ofAllTypes, ofEachType } from '../projections/note-projections.ts';
import { takeDrain, type Drain, type DrainSample } from '../relays/drain.ts';
import { relayDrain } from '../relays/relay-drain.ts';
import type { Row } from '../result.ts';
import { rowOf } from '../rows.ts';
import type { Run } from '../run.ts';
import { storeLog } from '../stored-log.ts';
import { optionsFor } from './relay-backlog.ts';
import type { Workload } from './workload.ts';

const CLIENTS = ['kafkajs', 'platformatic'] as const;
const EVENTS_EACH = 10;
const BATCH = 500;
const MANY = 30;
const BARE = 'read, parse, L7';
const SIZES = { quick: { events: 20_000, rounds: 3 }, full: { events: 100_000, rounds: 5 } };

/**
 * W9: a projection catches up, from the log and from Kafka over both clients, with a row for each stream and with a few rows that all streams feed; beside it the upserts
 * alone (L7), which the bar is about, and the same upserts after the same events were read and parsed ({@link bareCatchUp}), which is nearer to the job: L7 reads no event, and where rows are hot it writes a hundred rows for
 * five hundred events. And thirty projections in one process, of which each event concerns one, against one that looks at all of them.
 */
export const projectionCatchUp: Workload = async (run) => {
  const { events, rounds } = run.quick ? SIZES.quick : SIZES.full;
  return [...(await oneProjection(run, events, rounds)), ...(await manyProjections(run, events, rounds))];
};

async function oneProjection(run: Run, events: number, rounds: number): Promise<readonly Row[]> {
  const { url, feeds, bare, close } = await scene(run, events, 1);
  const streams = events / EVENTS_EACH;
  const shapes = [
    { name: 'one row per stream', projection: notes, rows: BATCH, of: streams },
    { name: 'hot rows', projection: hotNotes, rows: HOT_ROWS, of: HOT_ROWS },
  ] as const;
  const rows: Row[] = [];
  for (const { name, projection, rows: each, of } of shapes) {
    const sides = new Map<string, Drain>([['L7', bareUpserts(url, { events: BATCH, rows: each, of })]]);
    for (const [feed, open] of feeds) sides.set(feed, catchUp(url, [projection], open));
    for (const [feed, read] of bare) sides.set(bareOf(feed), bareCatchUp(url, name, read));
    const samples = await sampled(run, sides, events, rounds);
    for (const feed of feeds.keys()) {
      rows.push(...rowsOf(`${feed}, ${name}`, samples, feed, 'L7'));
      rows.push(...rowsOf(`${feed}, ${name}`, samples, feed, bareOf(feed), BARE));
    }
  }
  // Without a bar: each writes as much as one alone, thirty times the rows.
  const again = `log, ${MANY} of the same events`;
  const sides = new Map<string, Drain>([
    ['log', catchUp(url, [hotNotes], () => 'log')],
    [again, catchUp(url, ofAll(MANY), () => 'log')],
  ]);
  rows.push(...rowsOf(again, await sampled(run, sides, events, rounds), again, 'log', 'one projection'));
  await close();
  return rows;
}

/** The bare loop with this feed. */
const bareOf = (feed: string): string => `${BARE}, ${feed}`;

async function manyProjections(run: Run, events: number, rounds: number): Promise<readonly Row[]> {
  const { url, feeds, close } = await scene(run, events, MANY);
  const sides = new Map<string, Drain>();
  for (const [feed, open] of feeds) {
    sides.set(feed, catchUp(url, [ofAllTypes(MANY)], open));
    sides.set(`${feed}, ${MANY} projections`, catchUp(url, ofEachType(MANY), open));
  }
  const samples = await sampled(run, sides, events, rounds);
  await close();
  return [...sides.keys()]
    .filter((name) => name.includes(', '))
    .flatMap((name) => rowsOf(name, samples, name, name.split(',')[0] as string, 'one projection'));
}

/** A log, its topics, and the ways in which they are read. */
async function scene(
  run: Run,
  events: number,
  types: number,
): Promise<{
  readonly url: string;
  readonly feeds: ReadonlyMap<string, () => Feed>;
  /** The same ways in a bare loop. */
  readonly bare: ReadonlyMap<string, BareFeed>;
  readonly close: () => Promise<void>;
}> {
  const broker: BenchKafka = await run.kafka();
  const topic = `bench.catch-up.${randomUUID()}`;
  const log = { streams: events / EVENTS_EACH, eventsEach: EVENTS_EACH, payloadBytes: PAYLOAD_BYTES.KIB, topic, types };
  const url = await storeLog(run, log);
  const options: KafkaOptions = await optionsFor(broker, topic);
  await relayDrain(url, options, 1).drain(events, () => {});
  const feeds = new Map<string, () => Feed>([['log', () => 'log']]);
  const bare = new Map<string, BareFeed>([['log', bareLogFeed(url)]]);
  for (const client of CLIENTS) {
    feeds.set(`kafka ${client}`, () => kafka({ ...options, client, clientId: `bench-${randomUUID()}` }));
    bare.set(`kafka ${client}`, bareTopicFeed(client, broker.brokers, topic));
  }
  return { url, feeds, bare, close: () => run.server.drop(url) };
}

async function sampled(
  run: Run,
  sides: ReadonlyMap<string, Drain>,
  events: number,
  rounds: number,
): Promise<ReadonlyMap<string, readonly DrainSample[]>> {
  const broker = await run.kafka();
  const samples = new Map<string, DrainSample[]>();
  // Code is compiled before anything counts.
  for (const side of sides.values()) await side.drain(events / 10, () => {});
  for (const round of interleaved([...sides], rounds)) {
    for (const [name, side] of round) {
      const sample = await takeDrain(run.server, broker, side, events);
      samples.set(name, [...(samples.get(name) ?? []), sample]);
      const [speed, cpu] = [sample.perSecond.toFixed(0).padStart(7), (sample.cpuOfClient * 100).toFixed(1)];
      run.say(`W9  ${name.padEnd(34)} ${speed} events/s, ${cpu} µs of CPU`);
    }
  }
  return samples;
}

/** @param against the side that it is measured by, and its name in the table */
function rowsOf(
  name: string,
  samples: ReadonlyMap<string, readonly DrainSample[]>,
  side: string,
  against: string,
  limit: string = against,
): readonly Row[] {
  const of = (key: 'perSecond' | 'cpuOfClient' | 'cpuOfPostgres', of: string): readonly number[] =>
    (samples.get(of) ?? []).map((sample) => sample[key]);
  const metrics = [
    [THROUGHPUT, 'perSecond'],
    [COSTS.cpuOfClient, 'cpuOfClient'],
    [COSTS.cpuOfPostgres, 'cpuOfPostgres'],
  ] as const;
  return metrics.map(([metric, key]) =>
    rowOf({ workload: 'W9', case: name, metric }, of(key, side), { name: limit, values: of(key, against) }),
  );
}
