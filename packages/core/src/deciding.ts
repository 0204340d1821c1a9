import { DefinitionError, Refusal } from './errors.ts';
import type { UniqueKey } from './event-store.ts';
import type { Metadata } from './message.ts';
import { refuseAsync } from './refuse-async.ts';
import type { Json } from './schema/schema.ts';

/** What a decision may use besides state and input. Everything impure is here, so a decision is a pure function and can be run again on conflict. */
export interface Deciding<Code extends string = string> {
  /** The entity's id: the key of the stream. */
  readonly id: string;
  /** Taken once per command; the same in every attempt. */
  readonly now: Date;
  /** UUIDv7; the same sequence in every attempt. */
  readonly uuid: () => string;
  readonly metadata: Metadata;
  /** Of the caller; in Nest from `identify`. Not stored. */
  readonly roles: readonly string[];
  /** Makes the refusal to throw: `throw refuse('ORDER_SHIPPED')`. Only the aggregate's own codes compile. */
  readonly refuse: (code: Code, details?: { readonly [name: string]: Json }) => Refusal<Code>;
}

/**
 * Events to record, with what goes along in their transaction. Keys change hands without events, too; but then nothing says that the stream
 * still stands where the decision saw it.
 */
export interface Decision<out E, out Code extends string = string> {
  readonly events: readonly E[];
  /** An answer for the caller. Stored with the idempotency key, hence JSON. */
  readonly result?: Json;
  /**
   * Unique keys to take, each with the refusal to throw when another stream holds it: `reserve: [['email', email, refuse('EMAIL_TAKEN')]]`. One that this
   * stream holds already stays. Compared byte by byte, so normalise them.
   */
  readonly reserve?: readonly (readonly [...UniqueKey, taken: Refusal<Code>])[];
  /** Unique keys to give back, before any is taken. One that this stream does not hold changes nothing. */
  readonly release?: readonly UniqueKey[];
}
/** Events, or events with more. No events is a success: there was nothing to do. */
export type Decided<E, Code extends string = string> = readonly E[] | Decision<E, Code>;

/**
 * What a command takes after the id: nothing for a decision of fewer than two parameters, its input for one that annotates it, `undefined` where a
 * decision skips the input for the sake of the third parameter. Follows the number of parameters, as the call at run time does.
 */
export type InputArgs<F> = F extends (...args: infer P) => unknown
  ? P extends [unknown, infer I, ...unknown[]]
    ? [I] extends [never]
      ? [input?: undefined]
      : [input: I]
    : []
  : never;
/** The answer of a decision; `undefined` when it only returns events. */
export type ResultOf<F> = F extends (...args: never) => infer R
  ? [Extract<R, { readonly result: unknown }>] extends [never]
    ? undefined
    : Extract<R, { readonly result: unknown }>['result']
  : never;

/** Makes an aggregate's refusals: the table's sentence with its `{placeholders}` filled. */
export function refuserOf<Code extends string>(aggregate: {
  readonly category: string;
  readonly refusals: { readonly [C in Code]: string };
}): Deciding<Code>['refuse'] {
  return (code, details = {}) => {
    const sentence: string | undefined = Object.hasOwn(aggregate.refusals, code) ? aggregate.refusals[code] : undefined;
    if (sentence === undefined) {
      throw new DefinitionError(
        'LF_REFUSAL_UNDECLARED',
        `${aggregate.category} declares no refusal ${code}; add it to 'refusals'`,
      );
    }
    const message = sentence.replace(/\{(\w+)\}/g, (placeholder, name: string) =>
      Object.hasOwn(details, name) ? textOf(details[name] as Json) : placeholder,
    );
    return new Refusal(code, message, details);
  };
}

/**
 * A decision in its full form.
 * @throws {@link DefinitionError} `LF_DECISION_ASYNC` when it is a promise: a decision runs again on conflict, so it must not do I/O
 */
export function decisionOf<E, Code extends string>(decided: Decided<E, Code>): Decision<E, Code> {
  refuseAsync(decided);
  return isList(decided) ? { events: decided } : decided;
}

const isList = <E>(decided: readonly E[] | object): decided is readonly E[] => Array.isArray(decided);
const textOf = (detail: Json): string => (typeof detail === 'string' ? detail : JSON.stringify(detail));
