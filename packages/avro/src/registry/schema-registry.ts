/** All that a subject may ask of its further schemas, as Confluent's registry names it; first the one that asks for nothing. */
export const COMPATIBILITIES = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const;

/** What a subject's further schemas must satisfy. */
export type Compatibility = (typeof COMPATIBILITIES)[number];

/** A text as a registry holds it. */
export interface RegisteredSchema {
  /** On the wire: the four bytes before the payload. The same text has the same id under every subject. */
  readonly id: number;
  /** Within its subject, from 1. */
  readonly version: number;
  /** Avro JSON, as it was registered. */
  readonly avro: string;
}

/**
 * Holds the Avro texts that events are written with, by subject and by id. A subject is the full name of an Avro record, which names event type and version:
 * `orders.order.PlacedV2`. Its versions are the revisions of that event version. An id never changes its text.
 *
 * A text is told by what it says, not by its whitespace or the order of attributes; docs, aliases and defaults are part of it. All calls may run concurrently; each
 * question ends within the registry's time-out. An aborted call rejects with its signal's reason at once, and what others asked with it goes on.
 *
 * Faults: `LF_REGISTRY_UNAVAILABLE` (retryable: no answer in time, connection refused, status 408, 429 or 5xx), `LF_REGISTRY_REFUSED` (401, 403, anything else
 * that asking again cannot mend), `LF_SUBJECT_INVALID`. No message holds a password.
 */
export interface SchemaRegistry {
  /** For status and logs: where it is, without credentials. */
  readonly description: string;
  /** The id of this text under this subject; `undefined` when it is not registered there. Never registers. */
  find(subject: string, avro: string, options?: { readonly signal?: AbortSignal }): Promise<number | undefined>;
  /** The text of an id; `undefined` when this registry never gave it out, or gave it to something that is no Avro. Only a registry's own word counts: any other 404 is a fault. */
  schema(id: number, options?: { readonly signal?: AbortSignal }): Promise<string | undefined>;
  /** All versions of a subject, in order; none when there is no such subject. */
  versions(subject: string): Promise<readonly RegisteredSchema[]>;
  /** All subjects, sorted. */
  subjects(): Promise<readonly string[]>;
  /** The rule that holds for a subject: its own, else the registry's. Never sets one. */
  compatibility(subject: string): Promise<Compatibility>;
  /**
   * Registers a text, for `schema push` and for development; idempotent. Changes no compatibility setting. Where two processes register one text at the very same
   * moment, both get its id, though a server may note it as two versions.
   * @throws `LF_SCHEMA_INCOMPATIBLE` when the registry refuses it under the subject's rule, `LF_SCHEMA_REFUSED` when it takes it for no schema; nothing is registered then
   */
  register(subject: string, avro: string): Promise<number>;
}
