import { untilAborted } from './until-aborted.ts';

/**
 * Callers that ask the same at the same time share one question (hazard A7: a registry that is slow is not asked once for each record that waits for it). Each
 * waits with a signal of its own: whoever gives up leaves the question to the others.
 */
export class SharedQuestions {
  readonly #open = new Map<string, Promise<unknown>>();

  /** @param ask must end by itself; its failure is the failure of all who share it, and is not kept. */
  async ask<T>(key: string, ask: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    let open = this.#open.get(key) as Promise<T> | undefined;
    if (open === undefined) {
      open = ask().finally(() => this.#open.delete(key));
      this.#open.set(key, open);
    }
    return signal === undefined ? open : untilAborted(open, signal);
  }
}
