import { schemaOf } from './kind.ts';
import { leaf } from './leaf.ts';
import type { Schema } from './schema.ts';

/** Avro `boolean`. */
export function boolean(): Schema<boolean, never, boolean, boolean> {
  return schemaOf(
    leaf<boolean>({
      avro: 'boolean',
      jsonSchema: { type: 'boolean' },
      expected: 'true or false',
      accept: (value) => (typeof value === 'boolean' ? value : undefined),
    }),
  );
}
