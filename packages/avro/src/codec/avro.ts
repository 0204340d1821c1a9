import { LeftfoldError } from '@leftfold/core';
import { RecordUndecodable, type Codec, type EncodedRecord } from '@leftfold/subscriptions';
import { confluentRegistry } from '../registry/confluent-registry.ts';
import { fileRegistry } from '../registry/file-registry.ts';
import type { SchemaRegistry } from '../registry/schema-registry.ts';
import { checkAvsc } from './avsc-unsupported.ts';
import { Decoders } from './decode-value.ts';
import { PayloadEncoder } from './encode-payload.ts';
import { KnownSchemas } from './known-schemas.ts';
import { Unfit } from './unfit.ts';
import { readHead } from './wire-head.ts';

const CONTENT_TYPE = 'application/avro';

/** For {@link avro}. */
export interface AvroOptions {
  /** Holds the schemas. A text: the URL of a Confluent-compatible registry (`http:` or `https:`), else a folder ({@link fileRegistry}). */
  readonly registry: SchemaRegistry | string;
  /** For development only: `prepare` registers what it does not find. In production a release does, with `schema push`. Default `false`. */
  readonly register?: boolean;
}

/**
 * Payloads in Confluent's wire format: a zero, the schema's id, Avro binary. Any consumer with that registry reads them.
 *
 * Encodes the stored JSON text by its stored schema alone: what that does not say is refused with `LF_PAYLOAD_UNENCODABLE`, and nothing is handed out. Decodes
 * into plain objects by the rules of `resolveAvro`, the ones the log is read by, so a payload is the same from the log and from a topic. Bytes may be anybody's: they are
 * read in time and memory linear in their length, or refused with `LF_RECORD_UNDECODABLE`.
 *
 * What was found in the registry is kept for the life of the codec; an id that it does not know is asked for again after 5 s. `encode` throws
 * `LF_SCHEMA_UNREGISTERED` for a schema that `prepare` was not given.
 * @throws {@link AvscUnsupported} `LF_AVSC_UNSUPPORTED` when an override brings another avsc; what {@link confluentRegistry} and {@link fileRegistry} throw
 */
export function avro(options: AvroOptions): Codec {
  checkAvsc();
  const { register = false } = options;
  const registry = registryOf(options.registry);
  const schemas = new KnownSchemas(registry, register);
  const encoder = new PayloadEncoder();
  const decoders = new Decoders();
  return {
    contentType: CONTENT_TYPE,
    prepare: async (needed, { signal } = {}) => {
      signal?.throwIfAborted();
      if ('writers' in needed) await schemas.findWriters(needed.writers, signal);
      else await schemas.fetchIds(idsOf(needed.records), signal);
    },
    encode: (payload, writer) => {
      const known = schemas.ofSchema(writer);
      return encoder.encode(payload, writer, known.writer, known.id);
    },
    decode: (record, reader) => {
      const id = idOf(record);
      if (typeof id === 'string') throw new RecordUndecodable(id);
      const writer = schemas.ofId(id);
      if (typeof writer === 'string') throw new RecordUndecodable(writer);
      try {
        return decoders.decode(bufferOf(record.value), id, writer, reader);
      } catch (error) {
        // A reader that is no schema is nobody's bytes' fault.
        if (error instanceof LeftfoldError) throw error;
        const isUnfit = error instanceof Unfit;
        const why = isUnfit ? error.message : 'it cannot be read with its schema';
        const what = `its value, of the schema with the id ${id}, does not fit: ${why}`;
        throw new RecordUndecodable(what, isUnfit ? {} : { cause: error });
      }
    },
  };
}

function registryOf(registry: SchemaRegistry | string): SchemaRegistry {
  if (typeof registry !== 'string') return registry;
  return /^https?:/i.test(registry) ? confluentRegistry({ url: registry }) : fileRegistry(registry);
}

/** Clients give one; making one is a tenth of decoding. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A text says why there is none. */
function idOf({ value, headers }: EncodedRecord): number | string {
  const contentType = headers['content-type'];
  if (contentType !== CONTENT_TYPE) return `its content-type is ${contentType ?? 'missing'}, not ${CONTENT_TYPE}`;
  return readHead(value);
}
function idsOf(records: readonly EncodedRecord[]): ReadonlySet<number> {
  return new Set(records.map(idOf).filter((id) => typeof id === 'number'));
}
