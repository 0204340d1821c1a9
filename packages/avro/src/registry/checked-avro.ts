import { LeftfoldError, parseAvro, type Json } from '@leftfold/core';
import { SchemaRefused } from './errors.ts';
import type { RegisteredSchema } from './schema-registry.ts';

/** A text as JSON, or why it is no Avro schema: a shared registry may hold anything. */
export function avroOf({ avro }: Pick<RegisteredSchema, 'avro'>): { readonly json: Json } | { readonly why: string } {
  try {
    const json = JSON.parse(avro) as Json;
    parseAvro(json);
    return { json };
  } catch (error) {
    return { why: error instanceof LeftfoldError ? error.message : 'it is no JSON' };
  }
}

/**
 * The schema in a text. Looked at before a registry is asked to take it: Apicurio 2.6 registers the empty text.
 * @throws {@link SchemaRefused} `LF_SCHEMA_REFUSED` when it is no Avro
 */
export function checkedAvro(subject: string, avro: string): Json {
  const text = avroOf({ avro });
  if ('why' in text) throw new SchemaRefused(subject, text.why);
  return text.json;
}
