import type { WriterSchema } from './event-store.ts';
import { decodePayload } from './schema/payload.ts';
import type { AnySchema, Of } from './schema.ts';
import type { Checked } from './schema/kind.ts';

/**
 * The memory form of stored JSON text for a reader with this schema, resolved from the schema it was written with, by the rules of Avro's schema resolution:
 * the same ones as for Avro bytes from a topic.
 */
export function resolvePayload<S extends AnySchema>(
  reader: S,
  _writer: Pick<WriterSchema, 'fingerprint' | 'avro'>,
  text: string,
): Checked<Of<S>> {
  return decodePayload(reader, text);
}
