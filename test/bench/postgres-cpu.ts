import { readdirSync, readFileSync } from 'node:fs';

/** Of Linux, for what user space sees: `getconf CLK_TCK`. */
const TICKS_PER_SECOND = 100;

/**
 * CPU seconds that a Postgres has used since it started: its main process, those of its children that run, and those that ended. `undefined` where
 * there is no `/proc`, or no process id.
 */
export function postgresCpuSeconds(postmaster: number | undefined): number | undefined {
  if (postmaster === undefined || process.platform !== 'linux') return undefined;
  const own = statOf(postmaster);
  if (own === undefined) return undefined;
  let ticks = own.used + own.usedByEnded;
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
    if (stat?.parent === postmaster) ticks += stat.used;
  }
  return ticks / TICKS_PER_SECOND;
}

interface ProcessStat {
  readonly parent: number;
  /** Ticks, in user and kernel mode. */
  readonly used: number;
  /** Ticks of children that ended and were waited for. */
  readonly usedByEnded: number;
}

/** `undefined` of a process that is gone. */
function statOf(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** A line of `/proc/<pid>/stat`, see proc(5). The second field is a name in parentheses that may hold anything. */
export function parseStat(line: string): ProcessStat {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return { parent: field(4), used: field(14) + field(15), usedByEnded: field(16) + field(17) };
}
