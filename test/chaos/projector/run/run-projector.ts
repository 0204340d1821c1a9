import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { eventually, SeededRandom } from '@leftfold/testing';
import { Client } from 'pg';
import { allRecorded, Recorder } from '../../processes/recorder.ts';
import type { Line, Told } from '../../relay/history.ts';
import { TOPICS } from '../../relay/names.ts';
import { TorturedKafka } from '../../relay/run/tortured-kafka.ts';
import { TorturedPostgres } from '../../servers/tortured-postgres.ts';
import type { Violation } from '../../violation.ts';
import { checkModels, type ProjectorHistory } from '../check/check-models.ts';
import { foldLog } from '../check/fold-log.ts';
import { countModels, readEvents, readModels } from '../check/read-models.ts';
import { inflict, type Stage } from '../faults/inflict.ts';
import { faultText, schedule } from '../faults/schedule.ts';
import { isSick } from '../models/events.ts';
import { ProjectorCrew } from './projector-crew.ts';

export interface ProjectorRun {
  readonly seed: number;
  /** Ends when all three are over. */
  readonly faults: number;
  readonly minutes: number;
  readonly events: number;
  /** Milliseconds between two faults, on average. */
  readonly spacingMs: number;
  /** Milliseconds between two appends of a writer, on average; there are eight. */
  readonly pauseMs: number;
  /** From the last fault until all models have come to the end, once while bad events are parked, and once when they are mended. */
  readonly healMs: number;
  readonly print: (line: string) => void;
}
export interface ProjectorRunVerdict {
  readonly violations: readonly Violation[];
  readonly events: number;
  /** Keys that were parked when the last fault was over. */
  readonly parkedKeys: number;
  /** What all told, when there is something to look at. */
  readonly folder: string | undefined;
}

/** Runs writers, a relay and projectors against a Postgres and three brokers of their own under faults, heals, mends, and holds the read models against the log. */
export async function runProjector(run: ProjectorRun): Promise<ProjectorRunVerdict> {
  const random = new SeededRandom(run.seed);
  const folder = mkdtempSync(join(tmpdir(), 'leftfold-chaos-projector-'));
  const recorder = new Recorder<Told>(folder, 'run');
  const [postgres, kafka] = await Promise.all([TorturedPostgres.open(), TorturedKafka.open()]);
  const crew = await ProjectorCrew.of({ postgres, kafka, folder, recorder }, random, run.pauseMs);
  const stage: Stage = { postgres, kafka, crew };
  let found: Omit<ProjectorHistory, 'told'> = { events: [], whileParked: new Map(), inTheEnd: new Map(), parked: [] };
  let parkedKeys = 0;
  try {
    for (const member of crew.all) member.start();
    await carryOut(run, stage, random);
    await crew.stop(crew.writers);
    const { whileParked, ...healed } = await heal(run, stage, recorder);
    parkedKeys = healed.parkedKeys;
    found = { ...(await look(postgres.url)), whileParked, parked: healed.parked };
  } catch (error) {
    recorder.add({ op: 'broken', what: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  } finally {
    await crew.close();
    recorder.close();
    await Promise.all([postgres.close(), kafka.close()]);
  }
  const violations = checkModels({ ...found, told: allRecorded<Line>(folder) });
  if (violations.length === 0) rmSync(folder, { recursive: true });
  return {
    violations,
    events: found.events.length,
    parkedKeys,
    folder: violations.length === 0 ? undefined : folder,
  };
}

/** Faults, one after the other; never two brokers at once. */
async function carryOut(run: ProjectorRun, stage: Stage, random: SeededRandom): Promise<void> {
  const { crew, kafka } = stage;
  const targets = {
    projectors: crew.projectors.length,
    brokers: kafka.cluster.nodes.map(({ id }) => id),
    topics: Object.keys(TOPICS),
  };
  await eventually(() => crew.hasFailed || crew.all.every(({ isReady }) => isReady), { timeoutMs: 60_000 });
  const began = performance.now();
  const isOver = (done: number): boolean =>
    done >= run.faults && crew.appended >= run.events && performance.now() - began >= run.minutes * 60_000;
  let done = 0;
  for (const { afterMs, fault } of schedule(random, targets, run.spacingMs)) {
    if (crew.hasFailed || isOver(done)) return;
    await pause(afterMs);
    run.print(`after ${((performance.now() - began) / 1_000).toFixed(1)} s: ${faultText(fault)}`);
    await inflict(fault, stage);
    done += 1;
  }
}

/** No further faults, no further events: all models come to the end but for what is parked; then the release that mends it is there, and all of it is asked for. */
async function heal(
  { healMs, print }: ProjectorRun,
  { crew, kafka, postgres }: Stage,
  recorder: Recorder<Told>,
): Promise<Pick<ProjectorHistory, 'whileParked' | 'parked'> & { readonly parkedKeys: number }> {
  const comes = async (what: string, check: () => Promise<boolean>): Promise<void> => {
    const began = performance.now();
    const came = await eventually(() => crew.hasFailed || check(), { timeoutMs: healMs }).catch(() => false);
    if (came === false) recorder.add({ op: 'broken', what: `not so after ${healMs} ms: ${what}` });
    print(`${what}: ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  };
  await comes('everything is sent', await crew.untilSent());
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  try {
    const expected = foldLog(await readEvents(client));
    const applied = expected.applied.length;
    const healthy = eventsIn(expected.tallies.filter(({ id }) => !isSick(id)));
    await comes('all keys beside the parked ones are whole', async () =>
      [...(await countModels(client)).values()].every((of) => of.healthy === healthy),
    );
    const whileParked = await readModels(client);
    const parkedKeys = await crew.askForParked();
    await crew.mend();
    await comes('nothing is parked, and all is whole', async () => {
      const parked = await crew.askForParked();
      const whole = { healthy, tallies: eventsIn(expected.tallies), buckets: eventsIn(expected.buckets), applied };
      return parked === 0 && [...(await countModels(client)).values()].every((of) => isDeepStrictEqual(of, whole));
    });
    const { parked } = postgres.storageOf({});
    const left = (await parked.list({ limit: 20 })).map(
      ({ follower, lane, key, cause }) => `${key} of ${follower.name} on lane ${lane} (${cause.code}: ${cause.text})`,
    );
    await crew.stop([crew.relay, ...crew.projectors.map(({ member }) => member)]);
    await kafka.untilInSync();
    return { whileParked, parked: left, parkedKeys };
  } finally {
    await client.end();
  }
}

async function look(url: string): Promise<Pick<ProjectorHistory, 'events' | 'inTheEnd'>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return { events: await readEvents(client), inTheEnd: await readModels(client) };
  } finally {
    await client.end();
  }
}

const eventsIn = (rows: readonly { readonly events: number }[]): number =>
  rows.reduce((sum, { events }) => sum + events, 0);
