import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { isRunning, signalGroup } from './process-group.ts';
import { until } from './until.ts';

/**
 * One thing that must not outlive its starter: a process (ended by `signal`, by SIGKILL when that does not help),
 * what a command undoes (`docker rm …`), a folder.
 */
export type Duty =
  | { readonly kind: 'process'; readonly pid: number; readonly signal: NodeJS.Signals }
  | { readonly kind: 'command'; readonly argv: readonly [string, ...string[]] }
  | { readonly kind: 'folder'; readonly path: string };

/**
 * Ends the processes, all at once, with `graceMs` for each to go by its signal; then runs the commands, the last taken first; then deletes the folders.
 * A duty that cannot be carried out does not stop the others.
 */
export async function carryOut(duties: readonly Duty[], graceMs = 5_000): Promise<void> {
  const processes = duties.filter((duty) => duty.kind === 'process');
  await Promise.all(processes.map((duty) => endProcess(duty.pid, duty.signal, graceMs)));
  for (const duty of duties.toReversed()) {
    if (duty.kind !== 'command') continue;
    const [command, ...args] = duty.argv;
    await promisify(execFile)(command, args).catch(() => undefined);
  }
  for (const duty of duties) {
    if (duty.kind !== 'folder') continue;
    // A server that was just killed may still hold a write: deleting is tried again.
    await rm(duty.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }).catch(() => undefined);
  }
}

async function endProcess(pid: number, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  for (const each of [signal, 'SIGKILL'] as const) {
    signalGroup(pid, each);
    const gone = await until(() => (isRunning(pid) ? undefined : true), { withinMs: graceMs });
    if (gone === true) return;
  }
}
