import { setTimeout as pause } from 'node:timers/promises';
import { eventually, moveLeaders } from '@leftfold/testing';
import type { TorturedKafka } from '../../relay/run/tortured-kafka.ts';
import type { TorturedPostgres } from '../../servers/tortured-postgres.ts';
import type { ProjectorCrew } from '../run/projector-crew.ts';
import type { Fault } from './schedule.ts';

/** What a fault is done with. */
export interface Stage {
  readonly postgres: TorturedPostgres;
  readonly kafka: TorturedKafka;
  readonly crew: ProjectorCrew;
}

/** A projector that is to be met in its COMMIT may have nothing to commit at the moment: then it is met where it is. */
const MET_WITHIN_MS = 1_500;
/** Beyond lease and session, until others have done what the frozen one was about to. */
const TAKEN_OVER_MS = 1_500;

export async function inflict(fault: Fault, stage: Stage): Promise<void> {
  const { postgres, kafka, crew } = stage;
  switch (fault.kind) {
    case 'kill': {
      const { member } = crew.projector(fault.projector);
      await member.kill();
      return member.start();
    }
    case 'leave': {
      const { member } = crew.projector(fault.projector);
      await crew.stop([member]);
      await pause(fault.awayMs);
      return member.start();
    }
    case 'freeze':
      return freeze(fault.projector, stage);
    case 'zombie': {
      const { proxy } = crew.projector(fault.projector);
      const held = proxy.cut({ at: 'held', statement: 'commit' });
      await Promise.race([held.happened, pause(MET_WITHIN_MS)]);
      return freeze(fault.projector, stage, () => void held.deliver().catch(() => undefined));
    }
    case 'kill broker': {
      await kafka.untilInSync();
      await kafka.cluster.kill(fault.broker);
      await pause(fault.downMs);
      return kafka.cluster.startNode(fault.broker);
    }
    case 'freeze broker':
      return kafka.freeze(fault.broker, fault.frozenMs);
    case 'move leaders':
      await moveLeaders(kafka.admin, fault.topic);
      return;
    case 'cut': {
      const plans = crew.proxies.map((proxy) => proxy.cut({ ...fault.plan, times: 1 }));
      await Promise.race([Promise.all(plans.map(({ happened }) => happened)), pause(MET_WITHIN_MS)]);
      return;
    }
    case 'cut all':
      for (const proxy of crew.proxies) proxy.cutAll();
      return;
    case 'terminate':
      return postgres.terminate(fault.backends);
    case 'crash postgres':
      return postgres.crash();
    case 'ask':
      return void (await eventually(() => crew.askForParked(), { timeoutMs: 20_000 }));
  }
}

/** @param taken called while it is frozen, when others have its lanes. */
async function freeze(projector: number, { crew }: Stage, taken: () => void = () => undefined): Promise<void> {
  const { member } = crew.projector(projector);
  member.freeze();
  try {
    await pause(crew.lostWithinMs + TAKEN_OVER_MS);
    taken();
  } finally {
    member.thaw();
  }
}
