import type { Json } from './schema.ts';

/** Base of all errors of this framework. Recognise by `code`, never by class or text. */
export declare abstract class LeftfoldError extends Error {
  abstract readonly code: string;
  /** True when the same call may succeed later without any change. */
  abstract readonly retryable: boolean;
}
/** The domain said no. Thrown by decisions, never retried, never logged as a fault. `code` is the domain's own. */
export declare class Refusal<Code extends string = string> extends LeftfoldError {
  readonly code: Code;
  readonly retryable: false;
  readonly details: { readonly [name: string]: Json };
}
/** The stream kept changing during all attempts. Retryable. `LF_CONCURRENCY_EXHAUSTED` */
export declare class ConcurrencyExhausted extends LeftfoldError {
  readonly code: 'LF_CONCURRENCY_EXHAUSTED';
  readonly retryable: true;
  readonly stream: string;
  readonly attempts: number;
}
/** The connection was lost between COMMIT and its answer, and the outcome could not be resolved. `LF_OUTCOME_UNKNOWN` */
export declare class OutcomeUnknown extends LeftfoldError {
  readonly code: 'LF_OUTCOME_UNKNOWN';
  readonly retryable: false;
}
/** An event does not fit its schema or the limits. Names the path of the field. Nothing was written. `LF_EVENT_INVALID` */
export declare class EventInvalid extends LeftfoldError {
  readonly code: 'LF_EVENT_INVALID';
  readonly retryable: false;
  readonly eventType: string;
  readonly path: string;
}
/** A definition contradicts itself or another one. Thrown at start. */
export declare class DefinitionError extends LeftfoldError {
  readonly code: `LF_${string}`;
  readonly retryable: false;
}
/** True when `error` is a refusal with one of these codes. Narrows. */
export declare function isRefusal<const Code extends string>(
  error: unknown,
  ...codes: readonly Code[]
): error is Refusal<Code>;
