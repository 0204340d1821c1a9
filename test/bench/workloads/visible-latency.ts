import { randomUUID } from 'node:crypto';
import type { BenchKafka } from '../bench-kafka.ts';
import { interleaved } from '../interleaving.ts';
import { latency } from '../metric.ts';
import { bareKafkaChain, bareLogChain } from '../projections/bare-chain.ts';
import type { Chain, Stages } from '../projections/chain.ts';
import { leftfoldChain } from '../projections/leftfold-chain.ts';
import type { Row } from '../result.ts';
import { rowOf } from '../rows.ts';
import type { Run } from '../run.ts';
import { percentile } from '../statistics.ts';
import { optionsFor } from './relay-backlog.ts';
import type { Workload } from './workload.ts';

const CLIENTS = ['kafkajs', 'platformatic'] as const;
const SIZES = { quick: { warm: 50, counted: 100, rounds: 3 }, full: { warm: 100, counted: 400, rounds: 5 } };
const STAGES = ['committed', 'acknowledged', 'visible'] as const;
const PERCENTILES = [
  { name: 'p50', share: 0.5 },
  { name: 'p99', share: 0.99 },
];

/**
 * W8: from the call of a command until its row can be read, by stage, one command after the other: what a user who has the machine to himself waits. Beside it the bare chain of
 * the same servers, which does only what must be done.
 */
export const visibleLatency: Workload = async (run) => {
  const broker = await run.kafka();
  const rows: Row[] = [];
  rows.push(...(await compared(run, 'log', (url) => leftfoldChain(url), bareLogChain)));
  for (const client of CLIENTS) {
    const ours = async (url: string): Promise<Chain> => leftfoldChain(url, { ...(await freshTopic(broker)), client });
    const bare = async (url: string): Promise<Chain> => {
      const topic = `bench.bare.${randomUUID()}`;
      await broker.make(topic, 1);
      return bareKafkaChain(url, broker, topic);
    };
    rows.push(...(await compared(run, `kafka ${client}`, ours, bare)));
  }
  return rows;
};

/** The topic of the category, which each round begins anew: a topic knows its log. */
async function freshTopic(broker: BenchKafka) {
  const options = await optionsFor(broker, `bench.visible.${randomUUID()}`);
  return { ...options, clientId: `bench-${randomUUID()}` };
}

async function compared(
  run: Run,
  name: string,
  ours: (url: string) => Promise<Chain>,
  bare: (url: string) => Promise<Chain>,
): Promise<readonly Row[]> {
  const { rounds } = run.quick ? SIZES.quick : SIZES.full;
  const taken = { ours: [] as Stages[][], bare: [] as Stages[][] };
  const sides = [
    ['ours', ours],
    ['bare', bare],
  ] as const;
  for (const round of interleaved([...sides], rounds))
    for (const [side, open] of round) taken[side].push(await stagesOf(run, open));
  const texts: string[] = [];
  const rows = STAGES.flatMap((stage) =>
    PERCENTILES.flatMap(({ name: metric, share }): readonly Row[] => {
      const values = (of: readonly Stages[][]): readonly number[] =>
        of.map((stages) => percentile(Float64Array.from(stages.map((one) => one[stage] ?? Number.NaN)).sort(), share));
      if (Number.isNaN(values(taken.ours)[0])) return [];
      const about = { workload: 'W8', case: name, metric: latency(`${metric} until ${stage}`) } as const;
      const row = rowOf(about, values(taken.ours), { name: 'L8', values: values(taken.bare) });
      texts.push(`${stage} ${metric} ${row.ours.toFixed(2)} (${row.limit.value.toFixed(2)})`);
      return [row];
    }),
  );
  run.say(`W8  ${name.padEnd(20)} ${texts.join('  ')} ms`);
  return rows;
}

async function stagesOf(run: Run, open: (url: string) => Promise<Chain>): Promise<Stages[]> {
  const { warm, counted } = run.quick ? SIZES.quick : SIZES.full;
  const url = await run.server.fresh(run.emptyLog);
  const chain = await open(url);
  try {
    for (let nth = 0; nth < warm; nth++) await chain.one();
    const stages: Stages[] = [];
    while (stages.length < counted) stages.push(await chain.one());
    return stages;
  } finally {
    await chain.close();
    await run.server.drop(url);
  }
}
