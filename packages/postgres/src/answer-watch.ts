interface Waiting {
  looks: number;
  readonly giveUp: () => void;
}

/** How often the watch comes by within the limit. */
const LOOKS = 10;

/**
 * Gives up on answers that do not come. One timer for all of them, since a timer for each is a good part of what an append costs the process that waits for it
 * (0013); so an answer is given up on after its time, and a tenth more at most. It keeps no process alive.
 */
export class AnswerWatch {
  readonly #limitMs: number;
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** What the answer brings, or else, when it is late, the rejection with what `late` makes. An answer that comes later still is nobody's any more. */
  within<T>(answer: Promise<T>, late: () => Error): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const waiting: Waiting = { looks: 0, giveUp: () => reject(late()) };
    this.#waiting.add(waiting);
    this.#timer ??= setInterval(() => this.#look(), this.#limitMs / LOOKS).unref();
    answer.then(
      (value) => {
        this.#waiting.delete(waiting);
        resolve(value);
      },
      (error: unknown) => {
        this.#waiting.delete(waiting);
        reject(error);
      },
    );
    return promise;
  }

  #look(): void {
    if (this.#waiting.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    for (const waiting of this.#waiting) {
      waiting.looks += 1;
      if (waiting.looks <= LOOKS) continue;
      this.#waiting.delete(waiting);
      waiting.giveUp();
    }
  }
}
