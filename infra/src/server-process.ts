import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { signalGroup } from './process-group.ts';
import type { Account } from './unprivileged.ts';
import { watch } from './watchdog.ts';

/** A program to run as a child that this process must not leave behind. */
export interface ProcessSpec {
  readonly command: string;
  readonly args: readonly string[];
  /** Both outputs are appended here. */
  readonly logFile: string;
  /** How the watchdog ends it, before SIGKILL. */
  readonly stopSignal: NodeJS.Signals;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly account?: Account | undefined;
}

/** A child process in a group of its own. It does not keep this process alive; the watchdog ends it after us. */
export interface ServerProcess {
  /** `undefined` when it could not be started at all. */
  readonly pid: number | undefined;
  /** Resolves with the reason in words (`exit code 1`, `signal SIGKILL`) and whether it ended well. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /** As {@link ended}, at once; `undefined` while it runs. */
  readonly end: ProcessEnd | undefined;
  /** Sends the signal, then SIGKILL after `graceMs` (default 10,000), and waits until it is gone. Idempotent. */
  stop(signal: NodeJS.Signals, graceMs?: number): Promise<void>;
}

/** How a process ended. */
export interface ProcessEnd {
  readonly ok: boolean;
  readonly reason: string;
}

/** Starts the program, detached, so that Ctrl-C in a terminal reaches it only through its starter. */
export function startProcess(spec: ProcessSpec): ServerProcess {
  const log = openSync(spec.logFile, 'a');
  const child = spawn(spec.command, spec.args, {
    detached: true,
    stdio: ['ignore', log, log],
    ...(spec.env === undefined ? {} : { env: spec.env }),
    ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    ...spec.account,
  });
  closeSync(log);
  const { pid } = child;
  const release = pid === undefined ? undefined : watch({ kind: 'process', pid, signal: spec.stopSignal });
  let end: ProcessEnd | undefined;
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once('error', (error) => resolve({ ok: false, reason: error.message }));
    child.once('exit', (code, signal) =>
      resolve({ ok: code === 0, reason: signal === null ? `exit code ${code}` : `signal ${signal}` }),
    );
  }).then((how) => {
    end = how;
    release?.();
    return how;
  });
  child.unref();

  return {
    pid,
    ended,
    get end() {
      return end;
    },
    async stop(signal, graceMs = 10_000) {
      if (end !== undefined || pid === undefined) return;
      child.ref();
      signalGroup(pid, signal);
      const patience = new AbortController();
      const late = delay(graceMs, true, { signal: patience.signal }).catch(() => false);
      if (signal !== 'SIGKILL' && (await Promise.race([ended.then(() => false), late]))) signalGroup(pid, 'SIGKILL');
      await ended;
      patience.abort();
    },
  };
}

/** The last lines of a log file, for an error message; empty when there is none. */
export function lastLines(logFile: string, count = 15): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '';
  }
}
