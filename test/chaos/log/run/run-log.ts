import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, SeededRandom, startTcpProxy } from '@leftfold/testing';
import { checkHistory } from '../check/check-history.ts';
import type { Violation } from '../../violation.ts';
import { inflict, type Stage } from '../faults/inflict.ts';
import { faultText, schedule } from '../faults/schedule.ts';
import { linesOf, type History } from '../history/history.ts';
import { readHistory, Recorder } from '../history/recorder.ts';
import { Writer } from '../write/writer.ts';
import { Cluster } from './cluster.ts';
import { Crew, READERS } from './crew.ts';
import { dump, readAgain } from './dump.ts';

export interface LogRun {
  readonly seed: number;
  /** Ends when both are over, and what no run goes without was done. */
  readonly calls: number;
  readonly minutes: number;
  /** Calls between two faults, on average. */
  readonly spacing: number;
  /** Milliseconds after which what has not come is said not to come. Nothing that a good run waits for. */
  readonly patienceMs: number;
  readonly print: (line: string) => void;
}
export interface LogVerdict {
  readonly violations: readonly Violation[];
  /** Transactions that were begun: calls on their own, and the caller's transactions. */
  readonly transactions: number;
  readonly events: number;
  /** Where its history lies, when there is something to look at. */
  readonly folder: string | undefined;
}

const REFUSED = 25;

/** Runs writers and readers against a Postgres of their own under faults, lets them come to the end, and checks the history. */
export async function runLog(run: LogRun): Promise<LogVerdict> {
  const random = new SeededRandom(run.seed);
  const folder = mkdtempSync(join(tmpdir(), 'leftfold-chaos-'));
  const recorder = new Recorder(folder, 'run');
  const cluster = await Cluster.open();
  const proxy = await startTcpProxy(cluster.url);
  const crew = new Crew(cluster, { folder, random, writerUrl: proxy.through(cluster.url) });
  const { url, elsewhere, storage } = cluster;
  const scene = {
    process: 'run',
    url,
    elsewhere,
    store: storage.store,
    recorder,
    known: new Map(),
    sent: [],
    calls: 0,
  };
  const writer = new Writer(scene, new SeededRandom(random.below(2 ** 31)));
  try {
    const orphans = setInterval(() => void cluster.endOrphans(recorder).catch(() => undefined), 200);
    const stage = { cluster, crew, recorder, writer, proxy, comes: patiently(recorder, run.patienceMs) };
    await carryOut(run, stage, random).finally(() => clearInterval(orphans));
    await finish(stage);
    await refuse(cluster, writer);
    await dump(cluster, recorder);
    const history = readHistory(folder);
    await readAgain(cluster, { history, recorder, random });
  } catch (error) {
    recorder.add({ op: 'broken', what: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  } finally {
    await Promise.all(crew.all.map((member) => member.kill()));
    recorder.close();
    await proxy.close();
    await cluster.close();
  }
  const history = readHistory(folder);
  const violations = checkHistory(history);
  if (violations.length === 0) rmSync(folder, { recursive: true });
  return {
    violations,
    transactions: transactionsIn(history),
    events: linesOf(history, 'stored').length,
    folder: violations.length === 0 ? undefined : folder,
  };
}

/** Faults, one after the other, as the writers get on. */
async function carryOut({ calls, minutes, spacing, print }: LogRun, stage: Stage, random: SeededRandom): Promise<void> {
  const { crew } = stage;
  const targets = {
    writers: crew.writers.map(({ name }) => name),
    readers: crew.readers.map(({ name }) => name),
    careless: crew.outside.map(({ name }) => name),
    numbering: ['relay'],
  };
  const end = performance.now() + minutes * 60_000;
  const isOver = (): boolean => crew.calls >= calls && performance.now() >= end;
  for (const { reader, categories } of READERS) {
    if (categories !== undefined) stage.recorder.add({ op: 'wanted', reader, categories });
  }
  for (const member of crew.all) member.start();
  let before = 0;
  for (const { afterCalls, fault, isDue } of schedule(random, targets, spacing)) {
    const isEnd = (): boolean => crew.hasFailed || (isOver() && !isDue);
    await stage.comes('the writers get on', () => isEnd() || crew.calls >= before + afterCalls);
    if (isEnd() || crew.calls === before) return;
    before = crew.calls;
    print(`after ${before} calls: ${faultText(fault)}`);
    await inflict(fault, stage);
  }
}

/** Writers end, what they left behind is ended, and readers come to the end of the log. */
async function finish({ cluster, crew, recorder, comes }: Stage): Promise<void> {
  const stop = async (members: Crew['all']): Promise<void> => {
    const ends = await Promise.all(members.map(async (member) => ({ member, fault: await member.stop() })));
    for (const { member, fault } of ends) {
      if (fault !== undefined) recorder.add({ op: 'broken', what: `${member.name} ${fault}` });
    }
  };
  await stop(crew.writers);
  await eventually(() => cluster.endOrphans(recorder, '0 s'));
  const comeToTheEnd = async (readers: Crew['all']): Promise<unknown> =>
    Promise.all(
      readers.map(async (reader) => {
        const isAtEnd = await crew.untilEnd(reader);
        await comes(`${reader.name} comes to the end`, () => reader.hasFailed || isAtEnd());
      }),
    );
  // First those who append themselves: what they still do belongs to the end of the others.
  await comeToTheEnd(crew.appending);
  await comeToTheEnd(crew.readers);
  await stop(crew.readers);
}

function patiently(recorder: Recorder, timeoutMs: number): Stage['comes'] {
  return async (what, check) => {
    await eventually(check, { timeoutMs }).catch(() => recorder.add({ op: 'broken', what: `not so: ${what}` }));
  };
}

/** Appends that cannot be carried out, with nobody else there. */
async function refuse(cluster: Cluster, writer: Writer): Promise<void> {
  const drawn = async (): Promise<string> =>
    String(
      (await cluster.query<{ readonly drawn: string }>('select last_value as drawn from leftfold.position'))[0]?.drawn,
    );
  const before = await drawn();
  for (let i = 0; i < REFUSED; i++) {
    await writer.append(cluster.storage.store, writer.plan({ expect: 1_000_000n as never }));
  }
  writer.scene.recorder.add({ op: 'drawn', refused: REFUSED, before, after: await drawn() });
}

function transactionsIn(history: History): number {
  const begun = linesOf(history, 'append').flatMap((line) => (line.type === 'invoke' ? [line.tx ?? line.call] : []));
  return new Set(begun).size;
}
