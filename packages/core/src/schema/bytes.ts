import { CANONICAL_BASE64, fromBase64, toBase64 } from '../base64.ts';
import { schemaOf } from './kind.ts';
import { leaf, tagOf } from './leaf.ts';
import type { Schema } from './schema.ts';

/** Avro `bytes`, base64 in JSON. Counts against the limit of an event (256 KiB of JSON text); larger data goes by reference. */
export function bytes(): Schema<Uint8Array, never, string, Uint8Array | string> {
  const fromText = (value: unknown): Uint8Array | undefined =>
    typeof value === 'string' ? fromBase64(value) : undefined;
  return schemaOf(
    leaf<Uint8Array>({
      avro: 'bytes',
      jsonSchema: { type: 'string', format: 'byte', contentEncoding: 'base64', pattern: CANONICAL_BASE64 },
      expected: 'bytes (a Uint8Array) or base64 with padding',
      // A copy: a Buffer is a window into memory that others write to.
      accept: (value) => (isBytes(value) ? new Uint8Array(value) : fromText(value)),
      write: (value) => (isBytes(value) ? toBase64(value) : undefined),
      read: fromText,
    }),
  );
}

const isBytes = (value: unknown): value is Uint8Array => tagOf(value) === 'Uint8Array';
