import { randomUUID } from 'node:crypto';
import { postgres } from '@leftfold/postgres';
import { benchPool } from '../bench-pool.ts';
import type { BenchKafka } from '../bench-kafka.ts';
import { STEADY_AGAIN } from '../metric.ts';
import { PAYLOAD_BYTES } from '../payloads.ts';
import { AckTimes, machineTime } from '../relays/ack-times.ts';
import { PacedAppends } from '../relays/paced-appends.ts';
import { relayElsewhere } from '../relays/running-relay.ts';
import type { Row } from '../result.ts';
import { rowOf } from '../rows.ts';
import type { Run } from '../run.ts';
import { optionsFor } from './relay-backlog.ts';
import type { Workload } from './workload.ts';

const CASES = [
  { name: 'another stands by', standsBy: true },
  { name: 'alone, started again', standsBy: false },
];
const PER_SECOND = 1_000;
const WRITERS = 16;
const BEFORE_S = 2;
const AFTER_S = 12;
/** Steady: no event waits longer for its acknowledgement. */
const STEADY_MS = 250;
/** What a lease alone takes. */
const LEASE_S = 5;
const ROUNDS = { quick: 1, full: 3 };

/**
 * W12: a relay is killed with `kill -9` while events are appended at a fixed rate: how long until no event waits for more than a quarter of a second again; with another
 * one that stands by, and alone, started again at once. What takes that long is the dead one's lease. Everything in the log must be in the topic.
 */
export const relayKilled: Workload = async (run) => {
  const broker = await run.kafka();
  const rows: Row[] = [];
  for (const { name, standsBy } of CASES) {
    const seconds: number[] = [];
    let lost = 0;
    for (let round = 0; round < (run.quick ? ROUNDS.quick : ROUNDS.full); round++) {
      const found = await kill(run, broker, standsBy);
      seconds.push(found.seconds);
      lost += found.lost;
    }
    const about = { workload: 'W12', case: name, metric: STEADY_AGAIN } as const;
    const row = rowOf(about, seconds, { name: 'the lease', values: [LEASE_S] });
    run.say(`W12 ${name.padEnd(24)} steady again after ${row.ours.toFixed(1)} s, ${lost} lost`);
    rows.push({ ...row, bars: [...row.bars, { text: 'nothing lost', value: lost, met: lost === 0 }] });
  }
  return rows;
};

async function kill(
  run: Run,
  broker: BenchKafka,
  standsBy: boolean,
): Promise<{ readonly seconds: number; readonly lost: number }> {
  const url = await run.server.fresh(run.emptyLog);
  const pool = benchPool(url, WRITERS + 1);
  const topic = `bench.killed.${randomUUID()}`;
  const options = await optionsFor(broker, topic);
  const times = new AckTimes();
  const { store } = postgres({ pool, topic: () => topic });
  const shape = { seed: run.seed, payloadBytes: PAYLOAD_BYTES.SMALL, events: 1 };
  const appends = new PacedAppends(store, times, shape);
  // The first one has claimed before the other one comes.
  const first = await relayElsewhere(url, options, times);
  await appends.run(100, 1);
  await times.all(20_000);
  const relays = [first, ...(standsBy ? [await relayElsewhere(url, options, times)] : [])];
  try {
    const appending = appends.run(PER_SECOND, BEFORE_S + AFTER_S);
    await new Promise((resolve) => void setTimeout(resolve, BEFORE_S * 1_000));
    const killedAt = machineTime();
    await first.kill();
    relays.shift();
    if (!standsBy) relays.push(await relayElsewhere(url, options, times));
    await appending;
    await times.all(30_000);
    const { rows } = await pool.query<{ readonly id: string }>('select event_id::text as id from leftfold.events');
    const stand = await broker.ids(topic);
    return {
      seconds: (times.steadyFrom(killedAt, STEADY_MS) - killedAt) / 1_000,
      lost: rows.filter(({ id }) => !stand.has(id)).length,
    };
  } finally {
    for (const relay of relays) await relay.stop();
    await pool.end();
    await run.server.drop(url);
  }
}
