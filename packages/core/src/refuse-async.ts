import { DefinitionError } from './errors.ts';

/**
 * Refuses what an async decision, or async work on a root, answers: it runs again on conflict, so it must not do I/O.
 * @throws {@link DefinitionError} `LF_DECISION_ASYNC`
 */
export function refuseAsync(answer: unknown): void {
  if (typeof (answer as { readonly then?: unknown } | null | undefined)?.then !== 'function') return;
  // What it comes to is of no interest any more; a rejection that nobody takes would end the process.
  void Promise.resolve(answer).catch(() => {});
  throw new DefinitionError(
    'LF_DECISION_ASYNC',
    'a decision answered with a promise; do the I/O before the command and hand its outcome in as input',
  );
}
