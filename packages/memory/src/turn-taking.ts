/** One piece of work after the other, in the order they came. What a database does with row locks, done with one lock for everything. */
export class TurnTaking {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` when all that came before has ended, however it ended. Answers what `work` does. */
  next<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
