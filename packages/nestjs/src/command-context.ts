import { AsyncLocalStorage } from 'node:async_hooks';
import { isTraceparent, uuidV7 } from '@leftfold/core';
import type { CommandOptions, ReadToken } from '@leftfold/core';
import { joinTokens } from '@leftfold/subscriptions';
import type { Effect } from '@leftfold/subscriptions';
import type { Identity } from './options.ts';

/** What commands of one request, or of one effect, share. Of a request actor, tenant and roles are filled in after the guards. */
interface Context extends Identity {
  /** Of the request that this context is of. */
  readonly headers: Headers;
  readonly correlationId: string;
  /** The event whose effect this is. */
  readonly causationId?: string;
  readonly traceparent?: string;
  readonly idempotencyKey?: string;
  /** Commands so far: two commands of one request must not answer each other's idempotency key. */
  calls: number;
  actor?: string;
  tenant?: string;
  roles?: readonly string[];
  /** Of all that it has written. */
  token?: ReadToken;
  readonly reply?: ReplyHeaders;
}

/** The part of Node's response that is used here; Express' is one, and of Fastify's the raw one. */
export interface ReplyHeaders {
  readonly headersSent: boolean;
  setHeader(name: string, value: string): unknown;
}
/** Where an answer says what was written, and a later request what it wants to see. */
export const TOKEN_HEADER = 'leftfold-token';

// AsyncLocalStorage, not request scope: a request-scoped dependency reached through the command bus is a new instance and has lost the tenant.
const storage = new AsyncLocalStorage<Context>();

type Headers = { readonly [name: string]: string | readonly string[] | undefined };
const MAX_CORRELATION_ID = 128;

/** Opens the context of a request for everything that `next` starts: guards, interceptors, handlers, the command bus, streams. */
export function openContext<T>(headers: Headers, next: () => T, reply?: ReplyHeaders): T {
  // Two instances in one application open it twice. A request from within another one has a context of its own.
  if (storage.getStore()?.headers === headers) return next();
  const correlationId = single(headers['x-correlation-id']);
  const traceparent = single(headers['traceparent']);
  const idempotencyKey = single(headers['idempotency-key']);
  const context: Context = {
    headers,
    correlationId: correlationId !== undefined && isPlain(correlationId) ? correlationId : uuidV7(),
    ...(traceparent !== undefined && isTraceparent(traceparent) && { traceparent }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    calls: 0,
    ...(reply && { reply }),
  };
  return storage.run(context, next);
}

/**
 * Opens the context of an event for the effect that `next` starts: the event is the cause of its commands, and since these have its idempotency key, an effect that is run once
 * more finds the answers of the commands that it gave before.
 */
export function openEventContext<T>(
  { metadata, idempotencyKey }: Pick<Effect, 'metadata' | 'idempotencyKey'>,
  next: () => T,
): T {
  return storage.run({ headers: {}, ...metadata, idempotencyKey, calls: 0 }, next);
}

/** Says who asks, for the rest of the request. Does nothing outside one. */
export function identifyContext({ actor, tenant, roles }: Identity): void {
  const context = storage.getStore();
  if (context === undefined) return;
  Object.assign(context, {
    ...(actor !== undefined && { actor }),
    ...(tenant !== undefined && { tenant }),
    ...(roles && { roles }),
  });
}

/**
 * The answer of the current request will say, in `Leftfold-Token`, that it wrote this, too. Commands of injected repositories, and {@link decideAcross} with {@link contextOptions}, do that by
 * themselves; it is for what is written otherwise, as by `store.append`. At once, so that it holds also where the answer is a refusal of a later command. Does nothing outside of a request, or
 * where the answer has begun.
 */
export function noteWritten(token: ReadToken): void {
  const context = storage.getStore();
  if (context === undefined) return;
  const joined = joinTokens(context.token === undefined ? [token] : [context.token, token]);
  if (joined === undefined || joined === context.token) return;
  context.token = joined;
  if (context.reply?.headersSent === false) context.reply.setHeader(TOKEN_HEADER, joined);
}

/**
 * The options that the current request gives to its next command; none outside a request. Each call counts as one command, unless it is for a read: a handler
 * that reads more or less the second time must still find the answers of its commands.
 */
export function contextOptions(call: 'command' | 'read' = 'command'): CommandOptions {
  const context = storage.getStore();
  if (context === undefined) return {};
  const { correlationId, causationId, traceparent, actor, tenant, roles, idempotencyKey } = context;
  if (call === 'read') return tenant === undefined ? {} : { metadata: { tenant } };
  const ordinal = context.calls++;
  return {
    metadata: {
      correlationId,
      ...(causationId !== undefined && { causationId }),
      ...(traceparent !== undefined && { traceparent }),
      ...(actor !== undefined && { actor }),
      ...(tenant !== undefined && { tenant }),
    },
    ...(roles && { roles }),
    written: noteWritten,
    ...(idempotencyKey !== undefined && {
      idempotencyKey: ordinal === 0 ? idempotencyKey : `${idempotencyKey}#${ordinal}`,
    }),
  };
}

const single = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0];
const isPlain = (text: string): boolean =>
  text !== '' && text.length <= MAX_CORRELATION_ID && /^[\x21-\x7e]+$/.test(text);
