import type { t, WriterSchema } from '@leftfold/core';

/** As it came. */
export interface EncodedRecord {
  readonly value: Uint8Array;
  readonly headers: { readonly [name: string]: string };
}

/** Payloads on the wire. Holds no event definitions: writing rests on the stored writer schema, so a relay is a pipe. */
export interface Codec {
  readonly contentType: string;
  /**
   * Looks up what these need, before a batch, so that the two below are synchronous. Never registers, unless it was told to at its making. What is known
   * already is not asked for again, so whoever is served by memory does not notice that a registry is away. Concurrent calls share their questions.
   *
   * Rejects, retryable, with `LF_REGISTRY_UNAVAILABLE` when the registry does not answer in time or answers with a fault of its own, and with
   * `LF_SCHEMA_UNREGISTERED` when it does not hold a writer's schema (yet); not retryable, with `LF_REGISTRY_REFUSED` for wrong credentials. An id that a record
   * names and no registry ever gave out is no reason to reject: that record's `decode` throws.
   */
  prepare(
    needed: { readonly writers: readonly WriterSchema[] } | { readonly records: readonly EncodedRecord[] },
    options?: { readonly signal?: AbortSignal },
  ): Promise<void>;
  /** Stored JSON text to wire bytes, never empty. Deterministic. Throws when the text does not fit its schema; a relay's lane then stops (`LF_PAYLOAD_UNENCODABLE`). */
  encode(payload: string, writer: WriterSchema): Uint8Array;
  /**
   * Wire bytes to the memory form, resolved from the writer's schema to the reader's; made of plain objects that share nothing with the bytes.
   * @throws `LF_RECORD_UNDECODABLE`
   */
  decode(record: EncodedRecord, reader: t.AnySchema): unknown;
}
