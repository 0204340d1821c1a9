import { setTimeout as pause } from 'node:timers/promises';
import { eventually, faultMix, moveLeaders, type KafkaFrame } from '@leftfold/testing';
import type { TorturedPostgres } from '../../servers/tortured-postgres.ts';
import type { RelayCrew } from '../run/relay-crew.ts';
import type { TorturedKafka } from '../run/tortured-kafka.ts';
import { MIXED, type Fault } from './schedule.ts';

/** What a fault is done with. */
export interface Stage {
  readonly postgres: TorturedPostgres;
  readonly kafka: TorturedKafka;
  readonly crew: RelayCrew;
}

/** A relay that is to be met in the midst of a send may have nothing to send at the moment, or not be behind the proxies: then it is met where it is. */
const MET_WITHIN_MS = 1_500;
/** Beyond the lease, until others have had the time to send what the frozen one was about to. */
const TAKEN_OVER_MS = 1_500;

export async function inflict(fault: Fault, stage: Stage): Promise<void> {
  const { postgres, kafka, crew } = stage;
  switch (fault.kind) {
    case 'kill':
      return crew.restart(await crew.ownerOf(fault.lane));
    case 'kill unsent':
    case 'kill unheard': {
      const on = fault.kind === 'kill unsent' ? 'request' : 'answer';
      const who = await crew.ownerOf(fault.lane);
      const met = kafka.proxies.plan({ fault: 'drop', on, api: 'Produce', where: isOf(who), times: Infinity });
      await eventually(() => met.frames.length > 0, { timeoutMs: MET_WITHIN_MS }).catch(() => undefined);
      await crew.restart(who);
      return met.cancel();
    }
    case 'freeze':
      return freeze(await crew.ownerOf(fault.lane), stage);
    case 'zombie': {
      const late = Promise.withResolvers<void>();
      const who = await crew.ownerOf(fault.lane);
      const plan = kafka.proxies.plan({
        fault: { until: late.promise },
        on: 'request',
        api: 'Produce',
        where: isOf(who),
      });
      await eventually(() => plan.frames.length > 0, { timeoutMs: MET_WITHIN_MS }).catch(() => undefined);
      plan.cancel();
      return freeze(who, stage, late.resolve).finally(late.resolve);
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
    case 'frames': {
      kafka.proxies.plan({ fault: fault.fault, on: fault.on, api: 'Produce', times: fault.times });
      return;
    }
    case 'mix':
      kafka.proxies.rule(faultMix({ seed: fault.seed, share: fault.share, faults: MIXED }));
      await pause(fault.forMs);
      return kafka.proxies.rule(undefined);
    case 'cut all':
      return kafka.proxies.cutAll();
    case 'terminate':
      return postgres.terminate(fault.backends);
    case 'crash postgres':
      return postgres.crash();
  }
}

const isOf =
  (who: string) =>
  ({ clientId }: KafkaFrame): boolean =>
    clientId === who;

/** @param taken called while it is frozen, when others have its lanes. */
async function freeze(who: string, { crew }: Stage, taken: () => void = () => undefined): Promise<void> {
  const relay = crew.member(who);
  relay.freeze();
  try {
    await pause(crew.leaseMs + TAKEN_OVER_MS);
    taken();
  } finally {
    relay.thaw();
  }
}
