import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually, SeededRandom } from '@leftfold/testing';
import { allRecorded, Recorder } from '../../processes/recorder.ts';
import { TorturedPostgres } from '../../servers/tortured-postgres.ts';
import type { Violation } from '../../violation.ts';
import { checkRelay } from '../check/check-relay.ts';
import { readLog } from '../check/read-log.ts';
import { readTopics } from '../check/read-topics.ts';
import { inflict, type Stage } from '../faults/inflict.ts';
import { faultText, schedule } from '../faults/schedule.ts';
import type { Line, RelayHistory, Told } from '../history.ts';
import { TOPICS } from '../names.ts';
import { RelayCrew, shapeOf } from './relay-crew.ts';
import { TorturedKafka } from './tortured-kafka.ts';

export interface RelayRun {
  readonly seed: number;
  /** Ends when both are over. */
  readonly faults: number;
  readonly minutes: number;
  /** Milliseconds between two faults, on average. */
  readonly spacingMs: number;
  /** Milliseconds between two calls of a writer, on average; there are twelve. */
  readonly pauseMs: number;
  /** From the last fault until everything is sent: beyond that it has not healed. */
  readonly healMs: number;
  readonly print: (line: string) => void;
}
export interface RelayRunVerdict {
  readonly violations: readonly Violation[];
  readonly events: number;
  readonly records: number;
  readonly resends: number;
  /** What all told, when there is something to look at. */
  readonly folder: string | undefined;
}

/** Runs writers and relays against a Postgres and three brokers of their own under faults, heals, and holds the topics against the log. */
export async function runRelay(run: RelayRun): Promise<RelayRunVerdict> {
  const random = new SeededRandom(run.seed);
  const shape = shapeOf(random);
  run.print(`${shape.relays} relays, ${shape.lanes} lanes, batches of ${shape.batchSize}`);
  const folder = mkdtempSync(join(tmpdir(), 'leftfold-chaos-relay-'));
  const recorder = new Recorder<Told>(folder, 'run');
  const [postgres, kafka] = await Promise.all([TorturedPostgres.open(), TorturedKafka.open()]);
  const crew = new RelayCrew(shape, { postgres, kafka, folder, random, pauseMs: run.pauseMs });
  const stage: Stage = { postgres, kafka, crew };
  let found: Omit<RelayHistory, 'told'> = { events: [], records: [], confirmed: [], pointed: [] };
  try {
    for (const member of crew.all) member.start();
    await carryOut(run, stage, random);
    await heal(run, stage, recorder);
    const records = await readTopics(kafka.cluster.brokers, Object.keys(TOPICS));
    found = { ...(await readLog(postgres.url)), records };
  } catch (error) {
    recorder.add({ op: 'broken', what: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  } finally {
    await Promise.all(crew.all.map((member) => member.kill()));
    recorder.close();
    await Promise.all([postgres.close(), kafka.close()]);
  }
  const { violations, resends } = checkRelay({ ...found, told: allRecorded<Line>(folder) });
  const places = new Set(found.records.map(({ topic, partition }) => `${topic}/${partition}`));
  run.print(
    `${places.size} partitions, milestones with ${found.pointed.length} places in them; the proxies: ${JSON.stringify(kafka.proxies.counts)}`,
  );
  if (violations.length === 0) rmSync(folder, { recursive: true });
  return {
    violations,
    resends,
    events: found.events.filter(({ topic }) => topic !== null).length,
    records: found.records.length,
    folder: violations.length === 0 ? undefined : folder,
  };
}

/** Faults, one after the other; never two brokers at once. */
async function carryOut(
  { faults, minutes, spacingMs, print }: RelayRun,
  stage: Stage,
  random: SeededRandom,
): Promise<void> {
  const { crew, kafka } = stage;
  const targets = {
    lanes: crew.lanes,
    brokers: kafka.cluster.nodes.map(({ id }) => id),
    topics: Object.keys(TOPICS),
  };
  const began = performance.now();
  await eventually(() => crew.hasFailed || crew.all.every(({ isReady }) => isReady), { timeoutMs: 60_000 });
  let done = 0;
  for (const { afterMs, fault } of schedule(random, targets, spacingMs)) {
    if (crew.hasFailed || (done >= faults && performance.now() - began >= minutes * 60_000)) return;
    await pause(afterMs);
    print(`after ${((performance.now() - began) / 1_000).toFixed(1)} s: ${faultText(fault)}`);
    await inflict(fault, stage);
    done += 1;
  }
}

/** No further faults, no further events: everything is sent within the bound, and all end well. */
async function heal({ healMs, print }: RelayRun, { crew, kafka }: Stage, recorder: Recorder<Told>): Promise<void> {
  const stop = async (members: RelayCrew['all']): Promise<void> => {
    const ends = await Promise.all(members.map(async (member) => ({ member, fault: await member.stop() })));
    for (const { member, fault } of ends) {
      if (fault !== undefined) recorder.add({ op: 'broken', what: `${member.name} ${fault}` });
    }
  };
  kafka.proxies.rule(undefined);
  await stop(crew.writers);
  const began = performance.now();
  const isSent = await crew.untilSent();
  const sent = await eventually(() => crew.hasFailed || isSent(), { timeoutMs: healMs }).catch(() => false);
  if (sent === false) recorder.add({ op: 'broken', what: `not everything is sent ${healMs} ms after the last fault` });
  print(`healed ${((performance.now() - began) / 1_000).toFixed(1)} s after the last event`);
  await stop(crew.relays);
  await kafka.untilInSync();
}
