import { ownCopy } from './json-schema-form.ts';
import { kindOf } from './kind.ts';
import type { AnySchema, Json } from './schema.ts';

/**
 * What the edge takes (`t.InputOf`, in JSON) as JSON Schema 2020-12, which is that of OpenAPI 3.1: constraints, formats, `additionalProperties: false`, every
 * field required, since a reader's default is none of the edge. The same for the same schema, made anew at each call: it is the caller's.
 *
 * What it says fits, `~standard.validate` takes, and the other way round, where formats are asserted; JSON Schema cannot say, or not readably: NUL and lone
 * surrogates in text, a long of 19 digits beyond ±2^63, a decimal string of 16 digits beyond ±(2^53−1) unless bounds are given, an instant that its offset puts
 * out of the years 0 to 9999 (all refused by `validate`), an instant without seconds (taken by it).
 */
export const jsonSchema = (schema: AnySchema): Json => ownCopy(kindOf(schema).jsonSchema('input'));
