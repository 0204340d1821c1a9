import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endWithStarter } from '@leftfold/infra';

/** One of the sample's entry points. */
export type EntryPoint = 'api' | 'relay' | 'projector' | 'all';

/** A real process of the sample app, which can be killed and started again. */
export class OrdersProcess {
  readonly entryPoint: EntryPoint;
  readonly #environment: { readonly [name: string]: string };
  readonly #output: string[] = [];
  #child: ChildProcess | undefined;
  #url = '';

  constructor(entryPoint: EntryPoint, environment: { readonly [name: string]: string }) {
    this.entryPoint = entryPoint;
    this.#environment = environment;
  }

  /** Where it listens; of the last start. */
  get url(): string {
    return this.#url;
  }
  get pid(): number | undefined {
    return this.#child?.pid;
  }
  /** What it printed, over all starts. */
  get output(): string {
    return this.#output.join('');
  }

  /** Starts it and waits until it listens. @throws with its output when it ends instead */
  async start(): Promise<void> {
    const main = fileURLToPath(new URL(`../../apps/orders/dist/main.${this.entryPoint}.js`, import.meta.url));
    const child = spawn(process.execPath, ['--enable-source-maps', main], {
      env: { ...process.env, NODE_OPTIONS: '', PORT: '0', ...this.#environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    if (child.pid !== undefined) child.once('exit', endWithStarter(child.pid));
    let sinceStart = '';
    await new Promise<void>((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        this.#output.push(chunk.toString());
        if (this.#output.length > 500) this.#output.shift();
        sinceStart = (sinceStart + chunk.toString()).slice(-20_000);
        const found = /listening on (http:\/\/\S+)/.exec(sinceStart);
        if (found?.[1] !== undefined) {
          this.#url = found[1];
          resolve();
        }
      };
      child.stdout?.on('data', read);
      child.stderr?.on('data', read);
      child.once('exit', (code, signal) =>
        reject(new Error(`${this.entryPoint} ended (${signal ?? code}) before it listened:\n${sinceStart}`)),
      );
      child.once('error', reject);
    });
  }

  /** What it says of itself; for people. */
  async health(): Promise<string> {
    return fetch(`${this.#url}/health/ready`).then(
      (response) => response.text(),
      (error: unknown) => `does not answer (${String(error)})`,
    );
  }

  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }
  /** SIGTERM: it drains; resolves when it is gone. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}
