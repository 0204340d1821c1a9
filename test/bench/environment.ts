import { availableParallelism, cpus, loadavg, release, totalmem, type as systemType } from 'node:os';
import { Client } from 'pg';
import type { BenchServer } from './bench-server.ts';
import { fsyncMicros } from './fsync-time.ts';
import { median } from './statistics.ts';

/** The machine, and what a run costs on it at least. */
export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGB: number;
  readonly system: string;
  readonly node: string;
  readonly postgres: string;
  /** Limit L1. */
  readonly fsyncMicros: number;
  /** Limit L4: a prepared `select 1`, there and back. */
  readonly roundTripMicros: number;
  readonly startedAt: string;
  /** Of the last minute when the run began, and when it ended: above the run's own, somebody else was working. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly seconds: number;
}

const SHOWN = [
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_level',
  'wal_sync_method',
  'shared_buffers',
  'max_wal_size',
  'checkpoint_timeout',
  'autovacuum',
  'jit',
];

/** Above this share of the cores somebody else is at work before the run begins, and its figures mean little. */
const BUSY = 0.25;

/** A sentence when the machine was not quiet. */
export function disturbance({ loadBefore, cores }: Pick<Environment, 'loadBefore' | 'cores'>): string | undefined {
  if (loadBefore <= cores * BUSY) return undefined;
  return `The machine was busy before the run (load ${loadBefore.toFixed(1)} on ${cores} cores): these figures show that it runs, not how fast.`;
}

/** Everything but what is known at the end. */
export async function environmentOf(server: BenchServer): Promise<Omit<Environment, 'loadAfter' | 'seconds'>> {
  const { version } = await server.one<{ readonly version: string }>('select version()');
  const [cpu] = cpus();
  return {
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 2 ** 30),
    system: `${systemType()} ${release()}`,
    node: process.version,
    postgres: version.split(' on ')[0] ?? version,
    fsyncMicros: fsyncMicros(),
    roundTripMicros: await roundTripMicros(server),
    startedAt: new Date().toISOString(),
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** @throws Error when commits are not on disk before they are acknowledged: nothing measured then could be compared. */
export async function serverSettings(server: BenchServer): Promise<Readonly<Record<string, string>>> {
  const sql = 'select json_object_agg(name, current_setting(name)) as settings from pg_settings where name = any ($1)';
  const { settings } = await server.one<{ readonly settings: Readonly<Record<string, string>> }>(sql, [SHOWN]);
  for (const name of ['fsync', 'synchronous_commit']) {
    if (settings[name] !== 'on') throw new Error(`${name} is ${settings[name]}; the benchmark runs with it on`);
  }
  return settings;
}

async function roundTripMicros(server: BenchServer): Promise<number> {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  const times: number[] = [];
  for (let i = 0; i < 2_000; i++) {
    const started = performance.now();
    await client.query({ name: 'one', text: 'select 1' });
    times.push((performance.now() - started) * 1_000);
  }
  await client.end();
  return median(times.slice(200));
}
