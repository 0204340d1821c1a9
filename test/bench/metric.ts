/** What is measured, and which way is better. */
export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
}

export const THROUGHPUT: Metric = { name: 'throughput', unit: 'events/s', better: 'more' };
export const COMMANDS: Metric = { name: 'throughput', unit: 'commands/s', better: 'more' };

/** A percentile of latencies. */
export const latency = (name: string): Metric => ({ name, unit: 'ms', better: 'less' });

/** What an event costs, by the window's resources. */
export const COSTS = {
  cpuOfClient: { name: 'cpu of client', unit: 's/10,000 events', better: 'less' },
  cpuOfPostgres: { name: 'cpu of Postgres', unit: 's/10,000 events', better: 'less' },
  wal: { name: 'WAL', unit: 'bytes/event', better: 'less' },
  table: { name: 'table and indexes', unit: 'bytes/event', better: 'less' },
  loopDelay: { name: 'event-loop delay p99', unit: 'ms', better: 'less' },
  rssSlope: { name: 'RSS slope', unit: 'MB/s', better: 'less' },
} as const satisfies Record<string, Metric>;

/** Of the broker, where one takes part. */
export const CPU_OF_BROKER: Metric = { name: 'cpu of broker', unit: 's/10,000 events', better: 'less' };
/** From a kill to the state of before. */
export const STEADY_AGAIN: Metric = { name: 'steady again', unit: 's', better: 'less' };

/** Ours against another, so that more is always better: ours ÷ theirs of a throughput, theirs ÷ ours of a latency or a cost. */
export function ratio(metric: Metric, ours: number, theirs: number): number {
  return metric.better === 'more' ? ours / theirs : theirs / ours;
}
