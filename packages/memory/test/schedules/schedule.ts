import { seeded } from '../restless.ts';
import { settled, virtualTime } from './virtual-time.ts';

/** Somebody who takes steps. */
export interface Stepping {
  /** Its steps wait. */
  readonly isFrozen: boolean;
}
interface Step {
  readonly who: Stepping;
  readonly go: () => void;
}

/** Of a wait that ends. */
const [MOST_STEPS, MOST_IDLE] = [20_000, 100];

/** Who does the next step is drawn from a seed: every call of a port, and every answer, waits for its turn. The same seed gives the same schedule. */
export class Schedule {
  readonly #fraction: () => number;
  #isCalm = false;
  readonly #steps: Step[] = [];

  constructor(seed: number) {
    this.#fraction = seeded(seed);
  }

  get isCalm(): boolean {
    return this.#isCalm;
  }
  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.#fraction() * end);
  }
  /** One of them; there must be one. */
  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)] as T;
  }
  /** Never, once it is calm. */
  chance(share: number): boolean {
    return !this.#isCalm && this.#fraction() < share;
  }
  /** Waits for a turn. */
  step(who: Stepping): Promise<void> {
    if (this.#isCalm) return Promise.resolve();
    return new Promise((go) => this.#steps.push({ who, go }));
  }
  /** Those steps come at once: their caller is gone, and hears so. */
  release(who: Stepping): void {
    for (const step of this.#steps.filter((one) => one.who === who)) this.#take(step);
  }
  /** Lets one of those who wait go on; where nobody does, the clock goes on to the next timer. False: there is nothing to come. */
  async advance(): Promise<boolean> {
    const ready = this.#steps.filter(({ who }) => !who.isFrozen);
    if (ready.length === 0) {
      // What waits for the event loop alone comes before any time passes.
      for (let turns = 0; turns < 1; turns++) await settled();
      return this.#steps.some(({ who }) => !who.isFrozen) || virtualTime.next();
    }
    this.#take(this.one(ready));
    await settled();
    return true;
  }
  /** From now on nobody waits for a turn. */
  calm(): void {
    this.#isCalm = true;
    for (const step of this.#steps.splice(0)) step.go();
  }
  /** Lets the time run until this has come to its end. */
  async until<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const over = (): void => void (isOver = true);
    work.then(over, over);
    for (let [steps, idle] = [0, 0]; !isOver; steps++) {
      // What waits for the event loop alone may take a few turns of it.
      idle = (await this.advance()) ? 0 : idle + 1;
      if (!isOver && (idle === MOST_IDLE || steps === MOST_STEPS)) throw new Error(`not over after ${steps} steps`);
    }
    return work;
  }

  #take(step: Step): void {
    this.#steps.splice(this.#steps.indexOf(step), 1);
    step.go();
  }
}
