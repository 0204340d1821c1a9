import { readFileSync } from 'node:fs';

/**
 * Sends a signal to the process and to what it started in its group. Nothing happens when it is gone.
 * Our servers are started as leaders of their own group, so the group's id is the process id.
 */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch {
      // No such group (not a leader, or gone): try the process alone, then there is nothing left to signal.
    }
  }
}

/** True while the process runs. An ended one that nobody has collected yet (a zombie) does not run. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    // In a container whose first process collects nothing, a killed orphan keeps its id for ever.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return process.platform !== 'linux';
  }
}
