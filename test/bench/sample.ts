import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { BenchServer } from './bench-server.ts';
import { nameOf } from './bench-server.ts';
import { closedLoop, type Window } from './closed-loop.ts';
import { postgresCpuSeconds } from './postgres-cpu.ts';
import { slope } from './statistics.ts';
import type { OpenSide } from './sides/side.ts';

/** One window of one side: how fast, and at what cost. */
export interface Sample {
  readonly perSecond: number;
  readonly events: number;
  /** CPU seconds for 10,000 events. */
  readonly cpuOfClient: number;
  readonly cpuOfPostgres: number | undefined;
  /** Bytes for each event. */
  readonly wal: number;
  readonly table: number;
  readonly loopDelay: number;
  readonly rssSlope: number;
  /** Events that were lost or doubled, where the side can tell. */
  readonly lost?: number;
}

interface Readings {
  readonly wal: string;
  readonly size: number;
  readonly postgres: number | undefined;
  readonly client: NodeJS.CpuUsage;
}

const RSS_EVERY_MS = 100;
/** Megabytes a second that a garbage collector's coming and going looks like. */
const NO_GROWTH = 0.1;

/** Runs a side that is open, and reads at both borders of the counted part what was used. */
export async function takeSample(
  server: BenchServer,
  side: OpenSide,
  url: string,
  workers: number,
  window: Window,
): Promise<Sample> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const rss: [number, number][] = [];
  const watch = setInterval(() => rss.push([performance.now() / 1000, process.memoryUsage.rss() / 1e6]), RSS_EVERY_MS);
  let before: Readings | undefined;
  try {
    return await closedLoop(workers, side.work, window, {
      begin: async () => {
        before = await readings(server, url);
        rss.length = 0;
        delay.enable();
      },
      end: async ({ events, seconds }) => {
        delay.disable();
        const after = await readings(server, url);
        if (before === undefined || events === 0) throw new Error('nothing was done inside the window');
        return {
          events,
          perSecond: events / seconds,
          ...spent(await between(server, before, after), events),
          ...latest(delay, rss),
        };
      },
    });
  } finally {
    clearInterval(watch);
  }
}

const latest = (delay: { percentile(of: number): number }, rss: readonly [number, number][]) => ({
  loopDelay: delay.percentile(99) / 1e6,
  rssSlope: Math.max(NO_GROWTH, slope(rss)),
});

async function readings(server: BenchServer, url: string): Promise<Readings> {
  const sql = 'select pg_current_wal_insert_lsn()::text as wal, pg_database_size($1)::float8 as size';
  const read = await server.one<{ readonly wal: string; readonly size: number }>(sql, [nameOf(url)]);
  return { ...read, postgres: postgresCpuSeconds(server.pid), client: process.cpuUsage() };
}

interface Spent {
  readonly wal: number;
  readonly table: number;
  readonly cpuOfClient: number;
  readonly cpuOfPostgres: number | undefined;
}

async function between(server: BenchServer, before: Readings, after: Readings): Promise<Spent> {
  const sql = 'select pg_wal_lsn_diff($2, $1)::float8 as wal';
  const { wal } = await server.one<{ readonly wal: number }>(sql, [before.wal, after.wal]);
  const { user, system } = after.client;
  return {
    wal,
    table: after.size - before.size,
    cpuOfClient: (user + system - before.client.user - before.client.system) / 1e6,
    cpuOfPostgres:
      before.postgres === undefined || after.postgres === undefined ? undefined : after.postgres - before.postgres,
  };
}

/** For each event; CPU for 10,000. */
function spent({ wal, table, cpuOfClient, cpuOfPostgres }: Spent, events: number): Spent {
  const each = 10_000 / events;
  return {
    wal: wal / events,
    table: table / events,
    cpuOfClient: cpuOfClient * each,
    cpuOfPostgres: cpuOfPostgres === undefined ? undefined : cpuOfPostgres * each,
  };
}
