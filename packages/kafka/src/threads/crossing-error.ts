import { LeftfoldError } from '@leftfold/core';

/** An error as it crosses to another thread: a clone would lose its class, its code and whether it may be tried again. */
export interface CrossingError {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
  readonly retryable: boolean | undefined;
  readonly cause: CrossingError | undefined;
}

/** How deep causes are followed: one that is its own cause would never end. */
const DEPTH = 5;

/** What is told of an error on the other side. Anything may have been thrown. */
export function crossing(error: unknown, depth: number = DEPTH): CrossingError {
  if (!(error instanceof Error))
    return { name: typeof error, message: String(error), code: undefined, retryable: undefined, cause: undefined };
  const { name, message, cause } = error;
  const { code, retryable } = error as { readonly code?: unknown; readonly retryable?: unknown };
  return {
    name,
    message,
    code: typeof code === 'string' ? code : undefined,
    retryable: typeof retryable === 'boolean' ? retryable : undefined,
    cause: cause === undefined || depth === 0 ? undefined : crossing(cause, depth - 1),
  };
}

/** The error on this side: one of ours again, with its code, when it was one of ours. */
export function crossed(error: CrossingError): Error {
  const { name, message, code, retryable } = error;
  const options = error.cause === undefined ? undefined : { cause: crossed(error.cause) };
  if (code?.startsWith('LF_') === true && retryable !== undefined)
    return new CrossedError(code, retryable, name, message, options);
  return Object.assign(new Error(message, options), { name }, code === undefined ? {} : { code });
}

/** Recognised by its code, as every error of ours: its class stayed in the thread. */
class CrossedError extends LeftfoldError {
  readonly code: string;
  readonly retryable: boolean;

  constructor(
    code: string,
    retryable: boolean,
    name: string,
    message: string,
    options: { readonly cause: Error } | undefined,
  ) {
    super(message, options);
    this.name = name;
    this.code = code;
    this.retryable = retryable;
  }
}
