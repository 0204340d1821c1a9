import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endWithStarter } from '@leftfold/infra';
import type { Release } from './releases.ts';

/** What a process tells of itself. */
export interface Said {
  readonly isReady: boolean;
  /** How often an API has looked for a version that it can read, before it was ready. */
  readonly looks: number;
  /** How often it has read, the rows that it read last, and what went wrong in all its life. */
  readonly reads: number;
  readonly rows: readonly { readonly id: string; readonly sum: number }[];
  readonly failures: readonly string[];
}

/** A process of a release. */
export class Pod {
  readonly #child: ChildProcess;
  #said: Said = { isReady: false, looks: 0, reads: 0, rows: [], failures: [] };
  #stderr = '';

  constructor(url: string, role: 'projector' | 'api', release: Release) {
    this.#child = fork(fileURLToPath(new URL('pod-main.ts', import.meta.url)), [url, role, release], {
      execArgv: ['--conditions=leftfold:source', '--disable-warning=ExperimentalWarning'],
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: true,
    });
    if (this.#child.pid !== undefined) this.#child.once('exit', endWithStarter(this.#child.pid));
    this.#child.on('message', (said: Partial<Said>) => (this.#said = { ...this.#said, ...said }));
    this.#child.on('error', () => undefined);
    this.#child.stderr?.on('data', (text: Buffer) => (this.#stderr += text.toString()));
  }

  get said(): Said {
    return this.#said;
  }
  /** @returns what it said when it ended otherwise than well; nothing where it had ended before. */
  async stop(): Promise<string> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = once(this.#child, 'exit');
      this.#child.send('stop', () => undefined);
      await gone;
    }
    return this.#child.exitCode === 0 ? '' : `${this.#child.exitCode ?? this.#child.signalCode}: ${this.#stderr}`;
  }
}
