import { eventually, type CutPlan, type TcpProxy } from '@leftfold/testing';
import type { Recorder } from '../history/recorder.ts';
import type { Cluster } from '../run/cluster.ts';
import type { Crew } from '../run/crew.ts';
import type { Writer } from '../write/writer.ts';
import type { Fault } from './schedule.ts';

/** What a fault is done with. */
export interface Stage {
  readonly cluster: Cluster;
  readonly crew: Crew;
  readonly recorder: Recorder;
  /** The run's own. */
  readonly writer: Writer;
  /** Waits for what must come; when it does not, that is a violation, and the run goes on. */
  readonly comes: (what: string, check: () => boolean | Promise<boolean>) => Promise<void>;
  /** Between writers and the server. */
  readonly proxy: TcpProxy;
}

/** Calls of the others while somebody is frozen. */
const FROZEN_FOR = 20;
/** Calls while a statement is held on its way. */
const HELD_FOR = 40;
const IDS_BURNT = 150;

export async function inflict(fault: Fault, stage: Stage): Promise<void> {
  const { cluster, crew } = stage;
  switch (fault.kind) {
    case 'kill': {
      const member = crew.member(fault.who);
      await member.kill();
      return member.start();
    }
    case 'freeze': {
      const member = crew.member(fault.who);
      const before = crew.calls;
      member.freeze();
      // The others may wait for what it holds; then that is what is to be seen.
      await eventually(() => crew.calls >= before + FROZEN_FOR, { timeoutMs: 2_000 }).catch(() => undefined);
      return member.thaw();
    }
    case 'careless': {
      const member = crew.member(fault.who);
      await stage.comes(`${member.name} is there`, () => member.isReady);
      return member.order('careless');
    }
    case 'terminate':
      return cluster.terminate(fault.backends);
    case 'crash':
      return cluster.crash();
    case 'cut all':
      return stage.proxy.cutAll();
    case 'cut':
      return cut(fault.plan, stage);
    case 'forget':
      return forget(stage);
  }
}

/** What was held on its way arrives when its sender has long been told what became of it, as far as anybody could tell. */
async function cut(plan: CutPlan, { proxy, crew }: Stage): Promise<void> {
  const before = crew.calls;
  const planned = proxy.cut(plan);
  if (plan.at !== 'held') return;
  await eventually(() => crew.calls >= before + HELD_FOR, { timeoutMs: 2_000 }).catch(() => undefined);
  // It has answers when it comes to an end, which may be never: the server can have crashed in between.
  void planned.deliver().catch(() => undefined);
}

/**
 * All rest, and ids are used up of which nothing is on disk; only readers that keep their places outside the cluster look at the log, and get an event. After
 * the crash the next transactions have the same ids once more.
 */
async function forget({ cluster, crew, recorder, writer, comes }: Stage): Promise<void> {
  await comes('all processes are there', () => crew.all.every(({ isReady }) => isReady));
  for (const member of crew.writers) member.order('rest');
  await comes('all writers rest', () => crew.writers.every(({ isResting }) => isResting));
  await cluster.endOrphans(recorder, '0 s');
  const before = crew.outside.map(({ moves }) => moves);
  for (const reader of crew.readers) reader.freeze();
  try {
    await writer.append(writer.scene.store, writer.plan({ expect: 'any', events: 1 }));
    await cluster.burnIds(IDS_BURNT);
    for (const reader of crew.outside) reader.thaw();
    for (const [i, reader] of crew.outside.entries())
      await comes(`${reader.name} gets an event`, () => reader.moves !== before[i]);
  } finally {
    await cluster.crash();
    for (const reader of crew.readers) reader.thaw();
    for (const member of crew.writers) member.order('go');
  }
}
