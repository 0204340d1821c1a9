import { schemaOf } from './kind.ts';
import { leaf } from './leaf.ts';
import type { Schema } from './schema.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Avro `string` with logical type `uuid`: lower-case, hyphenated; checked at the edge and at append, not on reading. */
export function uuid(): Schema<string, never, string, string> {
  return schemaOf(
    leaf<string>({
      avro: { type: 'string', logicalType: 'uuid' },
      jsonSchema: { type: 'string', format: 'uuid', pattern: UUID.source },
      expected: 'a UUID, lower-case with hyphens',
      accept: (value) => (typeof value === 'string' && UUID.test(value) ? value : undefined),
      read: (json) => (typeof json === 'string' ? json : undefined),
    }),
  );
}
