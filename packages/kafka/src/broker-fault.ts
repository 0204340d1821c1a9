import { LeftfoldError } from '@leftfold/core';
import { BrokerRefused, BrokerUnavailable } from './errors.ts';
import { refusalOf } from './refusals.ts';

/**
 * `content`: the broker will never take these records. `access`: credentials, certificate or rights. `passing`: anything else; it may heal.
 */
export type FaultKind = 'content' | 'access' | 'passing';

const CONTENT = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'POLICY_VIOLATION',
]);
const CUT =
  /^(ECONNRESET|EPIPE|ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)|KafkaJSConnectionClosedError|PLT_KFK_(NETWORK|USER))$/;
// What a missing setting or right may look like, and passing trouble, too: not certain enough to give up, so only said.
const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    CUT,
    'the connection was cut: by a broker that went away, by a listener that has TLS (ssl) or users (sasl) where this client has none or the other way round, or one that refuses this client’s certificate',
  ],
  [
    /^KafkaJSGroupCoordinatorNotFound$/,
    'no coordinator for the consumer group: a missing Read right on the group looks the same',
  ],
];

/** What is known of an error of a client: its kind, and the most telling name in it (`MESSAGE_TOO_LARGE`, `ECONNREFUSED`, …). */
export interface BrokerFault {
  readonly kind: FaultKind;
  readonly name: string;
}

/** Reads an error of a client, with all it wraps: the telling one is often three causes deep, or one of several in `errors`. */
export function brokerFault(error: unknown): BrokerFault {
  const names = [...tellingNames(error)];
  const content = names.find((name) => CONTENT.has(name));
  if (content !== undefined) return { kind: 'content', name: content };
  const access = names.find((name) => refusalOf(name) !== undefined);
  if (access !== undefined) return { kind: 'access', name: access };
  // A protocol or system name says more than the class that wraps it.
  const protocol = names.find((name) => /^(?!PLT_)[A-Z0-9_]+$/.test(name));
  return {
    kind: 'passing',
    name: protocol ?? names.findLast((name) => name.startsWith('PLT_')) ?? names.at(-1) ?? 'unknown',
  };
}

/** A connection that was there ended without a word: a broker that went away, or a listener of another kind than the connection. */
export function isCut(error: unknown): boolean {
  const { kind, name } = brokerFault(error);
  return kind === 'passing' && CUT.test(name);
}

/**
 * The same fault as one of ours. An error of ours passes unchanged, also where a client has wrapped it.
 * @param doing What was tried, as the first words of the message: `reading from orders/3`.
 */
export function asBrokerError(doing: string, error: unknown): LeftfoldError {
  for (const each of chain(error)) if (each instanceof LeftfoldError) return each;
  const { kind, name } = brokerFault(error);
  const refusal = kind === 'access' ? refusalOf(name) : undefined;
  if (refusal !== undefined)
    return new BrokerRefused(`${doing} failed: ${refusal.what} (${name})`, refusal.check, error);
  const hint = HINTS.find(([pattern]) => pattern.test(name))?.[1];
  return new BrokerUnavailable(`${doing} failed (${name}${hint === undefined ? '' : `; ${hint}`})`, error);
}

/** Names in an error and all it wraps, outermost first: of the protocol, the system, classes. */
function* tellingNames(error: unknown): Generator<string> {
  for (const each of chain(error)) {
    const { apiId, type, code, name, cause, errors } = each as { readonly [field: string]: unknown };
    const isInnermost = cause === undefined && errors === undefined;
    for (const telling of [apiId, type, code, name]) {
      if (typeof telling !== 'string' || telling === 'UNKNOWN') continue;
      // So it calls any end of an authentication, a cut connection too; what it was then stands inside.
      if (telling === 'PLT_KFK_AUTHENTICATION' && !isInnermost) continue;
      yield telling;
    }
  }
}

function* chain(error: unknown, seen: Set<unknown> = new Set()): Generator<object> {
  if (typeof error !== 'object' || error === null || seen.has(error)) return;
  seen.add(error);
  yield error;
  const { cause, errors } = error as { readonly [field: string]: unknown };
  if (Array.isArray(errors)) for (const each of errors) yield* chain(each, seen);
  yield* chain(cause, seen);
}
