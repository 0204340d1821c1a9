import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endWithStarter } from '@leftfold/infra';
import type { Cursor } from '@leftfold/subscriptions';
import type { Order, Report } from './orders.ts';

/** Who has not ended by then is killed, and that is a fault. */
const STOP_MS = 30_000;

/** One of the run's processes over all its lives: it can be killed and started again, frozen, and told what to do. */
export class Member {
  readonly name: string;
  readonly #main: string;
  readonly #startOf: (name: string, life: number) => object;
  #child: ChildProcess | undefined;
  #lives = 0;
  #callsBefore = 0;
  #calls = 0;
  #stderr = '';
  #isReady = false;
  /** Whether all of its crew rest. */
  isResting: boolean = false;
  /** Where it told that it stands, by lane. */
  places: ReadonlyMap<string, Cursor> = new Map();
  /** How often it did, in this life. */
  moves: number = 0;

  /** @param startOf what it is started with, given the name and number of this life. */
  constructor(name: string, main: URL, startOf: (name: string, life: number) => object) {
    this.name = name;
    this.#main = fileURLToPath(main);
    this.#startOf = startOf;
  }

  /** Calls made, over all lives. */
  get calls(): number {
    return this.#callsBefore + this.#calls;
  }
  get isReady(): boolean {
    return this.#isReady;
  }

  start(): void {
    this.#lives += 1;
    this.#callsBefore += this.#calls;
    [this.#calls, this.#isReady, this.isResting, this.places, this.moves] = [0, false, false, new Map(), 0];
    const start = JSON.stringify(this.#startOf(`${this.name}.${this.#lives}`, this.#lives));
    const child = fork(this.#main, [start], {
      execArgv: ['--conditions=leftfold:source', '--disable-warning=ExperimentalWarning'],
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: true,
    });
    this.#child = child;
    if (child.pid !== undefined) child.once('exit', endWithStarter(child.pid));
    child.on('message', (report: Report) => child === this.#child && this.#hear(report));
    child.on('error', () => undefined);
    child.stderr?.on('data', (text: Buffer) => (this.#stderr = (this.#stderr + text.toString()).slice(-4_000)));
  }
  order(order: Order): void {
    if (order === 'go') this.isResting = false;
    // It may be gone by now, which whoever waits for it finds out.
    this.#child?.send(order, () => undefined);
  }
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }
  thaw(): void {
    this.#child?.kill('SIGCONT');
  }
  /** `kill -9`. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || this.#isGone(child)) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  /** Lets it end by itself. @returns what it said when it ended otherwise than well */
  async stop(): Promise<string | undefined> {
    const child = this.#child;
    if (child === undefined) return undefined;
    if (!this.#isGone(child)) {
      const gone = once(child, 'exit');
      this.order('stop');
      const tooLate = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await gone;
      clearTimeout(tooLate);
    }
    return child.exitCode === 0 ? undefined : `ended with ${child.exitCode ?? child.signalCode}: ${this.#stderr}`;
  }
  /** Whether it has ended without being told to. */
  get hasFailed(): boolean {
    return this.#child !== undefined && this.#child.exitCode !== null && this.#child.exitCode !== 0;
  }

  #isGone({ exitCode, signalCode }: ChildProcess): boolean {
    return exitCode !== null || signalCode !== null;
  }
  #hear(report: Report): void {
    if (report === 'ready') this.#isReady = true;
    else if (report === 'resting') this.isResting = true;
    else if ('calls' in report) this.#calls = report.calls;
    else {
      this.places = new Map([...this.places, [report.lane, report.place as Cursor]]);
      this.moves += 1;
    }
  }
}
