import type { Json } from './schema/schema.ts';
import type { StreamId, StreamVersion } from './message.ts';

/** Base of all errors of this framework. Recognise them by `code`, never by class or text. */
export abstract class LeftfoldError extends Error {
  /** Ours begin with `LF_`; the code of a {@link Refusal} is the domain's own. Listed with cause and remedy in `docs/errors.md`. */
  abstract readonly code: string;
  /** True when the same call may succeed later without any change. */
  abstract readonly retryable: boolean;

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The domain said no. Thrown by decisions, never retried, never logged as a fault. `code` is the domain's own. */
export class Refusal<Code extends string = string> extends LeftfoldError {
  readonly code: Code;
  readonly retryable = false as const;
  readonly details: { readonly [name: string]: Json };

  constructor(code: Code, message: string, details: { readonly [name: string]: Json } = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** The stream kept changing during all attempts. Retryable. `LF_CONCURRENCY_EXHAUSTED` */
export class ConcurrencyExhausted extends LeftfoldError {
  readonly code = 'LF_CONCURRENCY_EXHAUSTED' as const;
  readonly retryable = true as const;
  readonly stream: string;
  readonly attempts: number;

  constructor(stream: string, attempts: number) {
    super(
      `${stream} changed during each of ${attempts} attempts; try again later, or give the repository more attempts`,
    );
    this.stream = stream;
    this.attempts = attempts;
  }
}

/**
 * The stream does not stand where the caller said with `expect` (an ETag), so only the caller can decide anew. `LF_CONFLICT`
 */
export class Conflict extends LeftfoldError {
  readonly code = 'LF_CONFLICT' as const;
  readonly retryable = false as const;
  readonly stream: StreamId;
  readonly actual: StreamVersion;

  constructor(stream: StreamId, actual: StreamVersion) {
    super(`${stream} stands at version ${actual}, not where this call expected it; load it again and decide anew`);
    this.stream = stream;
    this.actual = actual;
  }
}

/**
 * Another stream holds a unique key that this append reserves. Told as an error inside a transaction of the caller's; elsewhere a command throws its own
 * refusal. Nothing was written. `LF_UNIQUE_KEY_TAKEN`
 */
export class UniqueKeyTaken extends LeftfoldError {
  readonly code = 'LF_UNIQUE_KEY_TAKEN' as const;
  readonly retryable = false as const;
  readonly key: readonly [name: string, value: string];
  /** The stream that holds it. */
  readonly by: StreamId;

  constructor(key: readonly [name: string, value: string], by: StreamId) {
    super(`the unique key ${key[0]} is held by ${by}; reserve another value, or release it there first`);
    this.key = key;
    this.by = by;
  }
}

/** The connection was lost between COMMIT and its answer, and the outcome could not be resolved. `LF_OUTCOME_UNKNOWN` */
export class OutcomeUnknown extends LeftfoldError {
  readonly code = 'LF_OUTCOME_UNKNOWN' as const;
  readonly retryable = false as const;

  constructor(what: string, cause: unknown) {
    super(
      `${what} was sent, but its outcome is not known; send the same command with its idempotency key again, or read the stream`,
      { cause },
    );
  }
}

/** An event does not fit its schema or the limits. Names the path of the field. Nothing was written. `LF_EVENT_INVALID` */
export class EventInvalid extends LeftfoldError {
  readonly code = 'LF_EVENT_INVALID' as const;
  readonly retryable = false as const;
  readonly eventType: string;
  /** Of the first faulty field, as `lines[0].price.cents`; `''` for the event as a whole. */
  readonly path: string;

  constructor(fault: {
    readonly eventType: string;
    readonly path: string;
    readonly message: string;
    readonly cause?: unknown;
  }) {
    super(
      `${fault.eventType}${fault.path === '' ? '' : ` at ${fault.path}`}: ${fault.message}; nothing was written`,
      'cause' in fault ? { cause: fault.cause } : undefined,
    );
    this.eventType = fault.eventType;
    this.path = fault.path;
  }
}

/** A call cannot be carried out as it stands: a bad stream id, header, option or cursor. `code` says which. Nothing was written. */
export class InputInvalid extends LeftfoldError {
  readonly code: `LF_${string}`;
  readonly retryable = false as const;

  constructor(code: `LF_${string}`, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** A definition contradicts itself or another one. Thrown at definition or at start. */
export class DefinitionError extends LeftfoldError {
  readonly code: `LF_${string}`;
  readonly retryable = false as const;

  constructor(code: `LF_${string}`, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** True when `error` is a refusal with one of these codes, or any refusal when none is given. Narrows. */
export function isRefusal<const Code extends string>(
  error: unknown,
  ...codes: readonly Code[]
): error is Refusal<Code> {
  return error instanceof Refusal && (codes.length === 0 || codes.includes(error.code as Code));
}
