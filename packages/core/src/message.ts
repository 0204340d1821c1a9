declare const brand: unique symbol;
/** A value that only its own maker can produce; a version is never passed as a position. */
export type Branded<T, B extends string> = T & { readonly [brand]: B };

/** Names a stream: `category-key`. At most 255 bytes, NFC, no control characters. Never taken apart: category and key may hold hyphens. */
export type StreamId = Branded<string, 'StreamId'>;
/** Dense, from 1. `0n` means: no event yet. */
export type StreamVersion = Branded<bigint, 'StreamVersion'>;
/**
 * A stable name of an event: unique in its log, rising within a stream, the same from every source. It is *not* commit order: a lower one may
 * appear later. "Last wins" over several streams compares it with a stored column; nothing else may rest on it.
 */
export type LogPosition = Branded<bigint, 'LogPosition'>;
/** UUIDv7, given when the event is decided. An id stands in a log once per tenant. */
export type EventId = Branded<string, 'EventId'>;
/**
 * Says "this write is visible". Opaque, URL-safe; made from the append's transaction id and the topics and hashes of its streams, never from a
 * position; understood by every reader of the same service, in any process.
 */
export type ReadToken = Branded<string, 'ReadToken'>;

/** A stream by its parts; {@link Aggregate.stream} makes it. `tenant` is `''` without tenants and leads every key of a store. */
export interface StreamRef {
  readonly tenant: string;
  readonly category: string;
  readonly key: string;
  readonly id: StreamId;
}

/** What goes along with each event. Set from the ambient context in Nest, or by the caller. CloudEvents names on the wire. */
export interface Metadata {
  readonly correlationId: string;
  readonly causationId?: string;
  readonly tenant?: string;
  readonly actor?: string;
  readonly traceparent?: string;
  /** When it became true in the world, if that is not when it was recorded. */
  readonly effectiveAt?: Date;
  /** The user's own. No CR or LF; `lf`, `traceparent`, `content-type` and the prefixes `ce_`, `lf_`, `lf.` are reserved. */
  readonly headers?: { readonly [name: string]: string };
}

/** The part of an `AbortSignal` that is called; the core knows no platform. Aborting stops waiting; what was committed stays. */
export interface Abort {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
