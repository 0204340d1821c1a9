import type { t, WriterSchema } from '@leftfold/core';

/** As it came. */
export interface EncodedRecord {
  readonly value: Uint8Array;
  readonly headers: { readonly [name: string]: string };
}

/** Payloads on the wire. Holds no event definitions: writing rests on the stored writer schema, so a relay is a pipe. */
export interface Codec {
  readonly contentType: string;
  /** Looks up what these need, before a batch, so that the two below are synchronous. Never registers. Rejects, retryable, with `LF_SCHEMA_UNKNOWN`. */
  prepare(
    needed: { readonly writers: readonly WriterSchema[] } | { readonly records: readonly EncodedRecord[] },
  ): Promise<void>;
  /** Stored JSON text to wire bytes, never empty. */
  encode(payload: string, writer: WriterSchema): Uint8Array;
  /** Wire bytes to the memory form, resolved from the writer's schema to the reader's. @throws `LF_RECORD_UNDECODABLE` */
  decode(record: EncodedRecord, reader: t.AnySchema): unknown;
}
