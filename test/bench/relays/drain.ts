import type { BenchKafka } from '../bench-kafka.ts';
import type { BenchServer } from '../bench-server.ts';
import { postgresCpuSeconds } from '../postgres-cpu.ts';

/** One that works off a backlog. Each call begins anew, with everything connected, claimed and looked up by itself. */
export interface Drain {
  readonly name: string;
  /** Resolves when `events` events are dealt with, with how many there were in fact. `progress` is told of each batch. */
  drain(events: number, progress: (events: number) => void): Promise<number>;
}

/** How fast a backlog was worked off, and at what cost. */
export interface DrainSample {
  /** How many the side says it dealt with. */
  readonly said: number;
  readonly perSecond: number;
  /** CPU seconds for 10,000 events. */
  readonly cpuOfClient: number;
  readonly cpuOfPostgres: number;
  readonly cpuOfBroker: number;
}

/** What is done before this share is the way up to speed: connections, claims, first pages. */
const BEFORE = 0.1;

/** Works a backlog off, and measures from its first tenth to its end. */
export async function takeDrain(
  server: Pick<BenchServer, 'pid'>,
  kafka: Pick<BenchKafka, 'pid'>,
  side: Drain,
  events: number,
): Promise<DrainSample> {
  let done = 0;
  let begun: (Readings & { readonly done: number }) | undefined;
  let end: (Readings & { readonly done: number }) | undefined;
  const said = await side.drain(events, (more) => {
    done += more;
    if (begun === undefined && done >= events * BEFORE) begun = { ...readings(server, kafka), done };
    if (done >= events) end ??= { ...readings(server, kafka), done };
  });
  if (begun === undefined || end === undefined || end.done === begun.done)
    throw new Error(`${side.name} dealt with ${done} of ${events} events, too few to measure`);
  const counted = end.done - begun.done;
  const each = 10_000 / counted;
  return {
    said,
    perSecond: (counted * 1_000) / (end.at - begun.at),
    cpuOfClient: (end.client - begun.client) * each,
    cpuOfPostgres: (end.postgres - begun.postgres) * each,
    cpuOfBroker: (end.broker - begun.broker) * each,
  };
}

interface Readings {
  readonly at: number;
  /** CPU seconds; of all threads of this process. */
  readonly client: number;
  readonly postgres: number;
  readonly broker: number;
}

function readings(server: Pick<BenchServer, 'pid'>, kafka: Pick<BenchKafka, 'pid'>): Readings {
  const { user, system } = process.cpuUsage();
  return {
    at: performance.now(),
    client: (user + system) / 1e6,
    postgres: postgresCpuSeconds(server.pid) ?? Number.NaN,
    broker: postgresCpuSeconds(kafka.pid) ?? Number.NaN,
  };
}
