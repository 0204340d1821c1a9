import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { RelayStart } from './relay-main.ts';

const MAIN = fileURLToPath(new URL('./relay-main.ts', import.meta.url));

/** A relay that runs beside the test; whatever becomes of the test, it ends with it. */
export interface RelayProcess {
  readonly owner: string;
  /** `kill -9`. */
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** As a deployment ends it: it gives back what it has. */
  stop(): Promise<void>;
}

/** Starts one; resolves when it runs. */
export async function relayProcess(start: RelayStart): Promise<RelayProcess> {
  const child = fork(MAIN, [JSON.stringify(start)], {
    execArgv: ['--conditions=leftfold:source', '--disable-warning=ExperimentalWarning'],
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  onTestFinished(() => end(child, 'SIGKILL'));
  await once(child, 'message');
  return {
    owner: start.owner,
    kill: () => end(child, 'SIGKILL'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop: () => end(child, 'SIGTERM'),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}
