import type { Json } from './schema.ts';

/** A JSON Schema that is an object, the only kind made here. */
export type JsonSchema = { readonly [keyword: string]: Json };

/** `input`: what the edge takes, in JSON. `output`: what a reply made of the memory form looks like. */
export type JsonForm = 'input' | 'output';
/** How a kind says itself in each. Everything stands in its place, without `$defs`: two shapes of one name in one document then cannot clash. */
export type ToJsonSchema = (form: JsonForm) => JsonSchema;

/** A copy that shares nothing with the kinds: documentation tools write into what they are given. */
export const ownCopy = (schema: JsonSchema): JsonSchema => JSON.parse(JSON.stringify(schema)) as JsonSchema;

/** The schema, or `null`. */
export function jsonOrNull(schema: JsonSchema): JsonSchema {
  for (const choice of ['anyOf', 'oneOf']) {
    const choices = schema[choice];
    if (Array.isArray(choices)) return { ...schema, [choice]: [...(choices as readonly Json[]), { type: 'null' }] };
  }
  const { type, enum: symbols } = schema;
  return {
    ...schema,
    type: [type ?? 'null', 'null'],
    ...(Array.isArray(symbols) && { enum: [...(symbols as readonly Json[]), null] }),
  };
}
