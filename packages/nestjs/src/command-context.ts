import { AsyncLocalStorage } from 'node:async_hooks';
import { isTraceparent, uuidV7 } from '@leftfold/core';
import type { CommandOptions } from '@leftfold/core';
import type { Identity } from './options.ts';

/** What commands of one request share. Actor, tenant and roles are filled in after the guards. */
interface Context extends Identity {
  /** Of the request that this context is of. */
  readonly headers: Headers;
  readonly correlationId: string;
  readonly traceparent?: string;
  readonly idempotencyKey?: string;
  /** Commands so far: two commands of one request must not answer each other's idempotency key. */
  calls: number;
  actor?: string;
  tenant?: string;
  roles?: readonly string[];
}

// AsyncLocalStorage, not request scope: a request-scoped dependency reached through the command bus is a new instance and has lost the tenant.
const storage = new AsyncLocalStorage<Context>();

type Headers = { readonly [name: string]: string | readonly string[] | undefined };
const MAX_CORRELATION_ID = 128;

/** Opens the context of a request for everything that `next` starts: guards, interceptors, handlers, the command bus, streams. */
export function openContext<T>(headers: Headers, next: () => T): T {
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
  };
  return storage.run(context, next);
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
 * The options that the current request gives to its next command; none outside a request. Each call counts as one command, unless it is for a read: a handler
 * that reads more or less the second time must still find the answers of its commands.
 */
export function contextOptions(call: 'command' | 'read' = 'command'): CommandOptions {
  const context = storage.getStore();
  if (context === undefined) return {};
  const { correlationId, traceparent, actor, tenant, roles, idempotencyKey } = context;
  if (call === 'read') return tenant === undefined ? {} : { metadata: { tenant } };
  const ordinal = context.calls++;
  return {
    metadata: {
      correlationId,
      ...(traceparent !== undefined && { traceparent }),
      ...(actor !== undefined && { actor }),
      ...(tenant !== undefined && { tenant }),
    },
    ...(roles && { roles }),
    ...(idempotencyKey !== undefined && {
      idempotencyKey: ordinal === 0 ? idempotencyKey : `${idempotencyKey}#${ordinal}`,
    }),
  };
}

const single = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0];
const isPlain = (text: string): boolean =>
  text !== '' && text.length <= MAX_CORRELATION_ID && /^[\x21-\x7e]+$/.test(text);
