import type { AnyEventType } from './event.ts';
import { avroRecordName } from './event-name.ts';
import type { WriterSchema } from './event-store.ts';
import { DefinitionError } from './errors.ts';
import type { AnySchema, Fields } from './schema.ts';
import { kindOf, schemaOf } from './schema/kind.ts';
import { recordKind } from './schema/record.ts';
import { sha256 } from './sha256.ts';

/** One version of an event type, as the framework needs it. */
export interface EventVersion {
  readonly version: number;
  /** The payload's schema, an Avro record with the event's name: `orders.order.PaymentAdded`, `…PaymentAddedV2`. */
  readonly schema: AnySchema;
  /** What the log keeps beside the events written with it. `fingerprint`: SHA-256, hex, of the Avro JSON text. */
  readonly writer: WriterSchema;
  /** From the version before; absent at version 1. */
  readonly up?: (old: never) => unknown;
  /** To the version before. */
  readonly down?: (data: never) => unknown;
  /** Names of the fields with personal data. */
  readonly personal: readonly string[];
  /** The field that says whose they are. */
  readonly subject?: string;
  readonly doc?: string;
}

/** What `event` puts on each type beside its public members. On the value itself: two copies of this package understand each other. */
export interface Versioned {
  readonly '~versions': readonly EventVersion[];
}
/** All versions of an event type, in order; the latest is the last. Frozen. For repositories, relays and tools, which are given types and need their schemas. */
export const versionsOf = (type: AnyEventType): readonly EventVersion[] => (type as unknown as Versioned)['~versions'];

/** True for what `event` made: a file that two others import in a circle gives `undefined` in its place. */
export const isEventType = (value: unknown): value is AnyEventType =>
  typeof value === 'function' && '~versions' in value;

/** What {@link EventOptions} and {@link Upcaster} are at run time. */
export interface VersionOptions {
  readonly up?: (old: never) => unknown;
  readonly down?: (data: never) => unknown;
  readonly subject?: string;
  readonly doc?: string;
}

/** Checks and makes one version; `before` is the latest so far. @throws {@link DefinitionError} `LF_SCHEMA_INVALID` */
export function eventVersion(
  type: string,
  version: number,
  fields: Fields,
  options: VersionOptions,
  before?: EventVersion,
): EventVersion {
  const { name, namespace } = avroRecordName(type, version);
  const refuse = (why: string): never => {
    throw new DefinitionError('LF_SCHEMA_INVALID', `${type}, version ${version}: ${why}`);
  };
  if (before !== undefined) {
    if (version !== before.version + 1) refuse(`the version after ${before.version} is ${before.version + 1}`);
    if (typeof options.up !== 'function') refuse('needs its upcaster, { up }');
  }
  const { up, down, subject, doc } = options;
  // The doc line stays out of it: to word it better is no new revision.
  const schema = eventSchema(name, { namespace, ...(subject !== undefined && { subject }) }, fields, refuse);
  const personal = Object.entries(fields).flatMap(([field, of]) => (kindOf(of).isPersonal ? [field] : []));
  if (subject === undefined && personal.length > 0)
    refuse(`'${personal.join("', '")}' is personal, so the event must name its subject`);
  if (subject !== undefined && (!Object.hasOwn(fields, subject) || personal.includes(subject)))
    refuse(`the subject '${subject}' is no field, or is itself personal`);
  const writer = Object.freeze({ type, version, fingerprint: sha256(JSON.stringify(schema.avro)), avro: schema.avro });
  const optional = {
    ...(up && { up }),
    ...(down && { down }),
    ...(subject !== undefined && { subject }),
    ...(doc !== undefined && { doc }),
  };
  return Object.freeze({ version, schema, writer, personal: Object.freeze(personal), ...optional });
}

/** Adds the event to what a builder has to say about its fields. */
function eventSchema(
  name: string,
  attributes: { readonly namespace: string; readonly subject?: string },
  fields: Fields,
  refuse: (why: string) => never,
): AnySchema {
  try {
    return schemaOf(recordKind(name, fields, { attributes }));
  } catch (error) {
    if (error instanceof DefinitionError) refuse(error.message);
    throw error;
  }
}
