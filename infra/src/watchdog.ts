import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Duty } from './duty.ts';

/** What the starter tells its watchdog, one JSON object a line. */
export type WatchdogMessage = { readonly take: number; readonly duty: Duty } | { readonly drop: number };

let watchdog: ChildProcess | undefined;
let taken = 0;

/**
 * From now on the duty is carried out when this process ends, however it ends: normally, by a signal, by SIGKILL.
 * Call the returned function once it is done otherwise.
 *
 * One watchdog per process: a detached child that waits for the end of its standard input. The system closes that
 * pipe with the starter's last breath, which no exit handler can promise. It does not keep the starter alive.
 */
export function watch(duty: Duty): () => void {
  taken += 1;
  const id = taken;
  tell({ take: id, duty });
  return () => tell({ drop: id });
}

function tell(message: WatchdogMessage): void {
  watchdog ??= startWatchdog();
  watchdog.stdin?.write(`${JSON.stringify(message)}\n`);
}

function startWatchdog(): ChildProcess {
  // Built to JavaScript the neighbour ends in `.js`, run from source in `.ts`: as this file does.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const main = fileURLToPath(new URL(`./watchdog-main${extension}`, import.meta.url));
  const child = spawn(process.execPath, [main], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    // A debugger or a loader that was asked for the starter is not asked for here.
    env: { ...process.env, NODE_OPTIONS: undefined },
  });
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  child.on('error', () => undefined);
  child.stdin?.on('error', () => undefined);
  return child;
}
