import { DefinitionError } from './errors.ts';

/**
 * Refuses what an async decision, or async work on a root, answers: it runs again on conflict, so it must not do I/O.
 * @throws {@link DefinitionError} `LF_DECISION_ASYNC`
 */
export function refuseAsync(answer: unknown): void {
  if (!isPromise(answer)) return;
  throw new DefinitionError(
    'LF_DECISION_ASYNC',
    'a decision answered with a promise; do the I/O before the command and hand its outcome in as input',
  );
}

/** True for a promise, which nobody has to take any more: one that rejects later would end the process. */
export function isPromise(answer: unknown): boolean {
  if (typeof (answer as { readonly then?: unknown } | null | undefined)?.then !== 'function') return false;
  void Promise.resolve(answer).catch(() => {});
  return true;
}
