import { compareLatency } from '../compare-latency.ts';
import { compare } from '../compare.ts';
import { PAYLOAD_BYTES } from '../payloads.ts';
import { emmett } from '../peers/emmett.ts';
import { messageDb } from '../peers/message-db.ts';
import { leftfold } from '../peers/leftfold.ts';
import { findingsOf, probedPeer } from '../peers/peer.ts';
import { pgbench } from '../peers/pgbench.ts';
import type { AppendShape } from '../append-shape.ts';
import type { Row } from '../result.ts';
import type { Run } from '../run.ts';
import { bareAppend } from '../sides/bare-append.ts';
import { leftfoldAppend } from '../sides/leftfold-append.ts';
import { leftfoldCommands } from '../sides/leftfold-commands.ts';
import { plainInsert } from '../sides/plain-insert.ts';
import type { Workload } from './workload.ts';

const WRITERS = { quick: [1, 16, 64], full: [1, 4, 16, 64] };
/** Where a plain INSERT shows what the stream's head costs. */
const WITHOUT_HEAD = [1, 16];
/** Where the peers stand beside. */
const CROWD = 16;
/** What `pg` gives who asks for no size. */
const DEFAULT_POOL = 10;

/** W1: one event to a new stream, by 1 to 64 writers of one process. */
export const newStreams: Workload = async (run) => {
  const rows: Row[] = [];
  const shape = { seed: run.seed, payloadBytes: PAYLOAD_BYTES.KIB, events: 1 };
  const peers = [await probedPeer(run, emmett, shape), await probedPeer(run, messageDb, shape), pgbench(shape)].filter(
    (peer) => peer !== undefined,
  );
  const own = await findingsOf(run, leftfold);
  for (const workers of run.quick ? WRITERS.quick : WRITERS.full) {
    const isCrowd = workers === CROWD;
    const besides = [
      { adds: `pool of ${DEFAULT_POOL}`, side: leftfoldAppend(shape, { poolSize: DEFAULT_POOL }) },
      { adds: 'with idempotency keys', side: leftfoldAppend(shape, { keyed: true }) },
    ];
    const commands = [
      { adds: 'whole commands', side: leftfoldCommands(shape, { keyed: false }) },
      { adds: 'whole commands with keys', side: leftfoldCommands(shape, { keyed: true }) },
    ];
    const comparison = {
      workload: 'W1',
      name: workers === 1 ? '1 writer' : `${workers} writers`,
      workers,
      ours: [
        { side: leftfoldAppend(shape) },
        ...(workers >= CROWD && !run.quick ? besides : []),
        ...(isCrowd && !run.quick ? commands : []),
      ],
      limits: [bareAppend(shape), ...(run.quick || !WITHOUT_HEAD.includes(workers) ? [] : [plainInsert(shape)])],
      peers: isCrowd ? peers.filter(({ name }) => name === 'emmett' || !run.quick) : [],
    } as const;
    const compared = await compare(run, comparison);
    rows.push(...compared.map((row) => (row.peers.length > 0 ? withOwnProbe(row, own) : row)));
  }
  rows.push(...(await latencies(run, shape, rows)));
  if (run.quick) return rows;
  for (const payloadBytes of [PAYLOAD_BYTES.SMALL, PAYLOAD_BYTES.LARGE]) {
    const sized = { ...shape, payloadBytes };
    const comparison = {
      workload: 'W1',
      name: `${CROWD} writers, ${payloadBytes} B`,
      workers: CROWD,
      ours: [{ side: leftfoldAppend(sized) }],
      limits: [bareAppend(sized)],
    } as const;
    rows.push(...(await compare(run, comparison)));
  }
  return rows;
};

const LOADS = [
  { name: '25 % load', share: 0.25 },
  { name: 'half load', share: 0.5 },
  { name: '75 % load', share: 0.75 },
];
const TRICKLE = { name: 'trickle 8/s', perSecond: 8 };

/** At shares of what both sides reached before, so that neither is overrun, and one by one. */
async function latencies(run: Run, shape: AppendShape, measured: readonly Row[]): Promise<readonly Row[]> {
  const peaks = measured.filter(
    ({ case: name, metric, limit }) => name === `${CROWD} writers` && metric === 'throughput' && limit.name === 'L2',
  );
  const peak = Math.min(...peaks.flatMap(({ ours, limit }) => [ours, limit.value]));
  const loads = LOADS.filter(({ name }) => !run.quick || name === 'half load');
  const rates = [...loads.map(({ name, share }) => ({ name, perSecond: Math.round(peak * share) })), TRICKLE];
  const rows: Row[] = [];
  for (const rate of rates) {
    const comparison = {
      ...rate,
      workload: 'W1',
      seconds: rate === TRICKLE ? (run.quick ? 1.5 : 3) : run.window.countMs / 1_000,
      connections: CROWD,
      ours: leftfoldAppend(shape),
      limit: bareAppend(shape),
    } as const;
    rows.push(...(await compareLatency(run, comparison)));
  }
  return rows;
}

/** Where others stand beside with their probes, ours has to pass it, too. */
function withOwnProbe(row: Row, findings: readonly string[]): Row {
  const text = findings.length === 0 ? 'own probe passes' : `own probe passes: ${findings.join(', ')}`;
  return { ...row, bars: [...row.bars, { text, value: findings.length, met: findings.length === 0 }] };
}
