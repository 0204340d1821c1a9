import type { StoredEvent } from '@leftfold/core';

/**
 * A copy that shares nothing which could be changed: frozen, with `Date`s of its own, which cannot be. What one reader does to an event must not
 * reach the next, nor what an appender does to its metadata afterwards.
 */
export function isolated<E extends StoredEvent>(event: E): E {
  const { headers, effectiveAt, ...metadata } = event.metadata;
  return Object.freeze({
    ...event,
    recordedAt: new Date(event.recordedAt),
    metadata: Object.freeze({
      ...metadata,
      ...(effectiveAt && { effectiveAt: new Date(effectiveAt) }),
      ...(headers && { headers: Object.freeze({ ...headers }) }),
    }),
  });
}
