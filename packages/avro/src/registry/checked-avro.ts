import { LeftfoldError, parseAvro, type Json } from '@leftfold/core';
import { SchemaRefused } from './errors.ts';

/**
 * The schema in a text. Looked at before a registry is asked to take it: Apicurio 2.6 registers the empty text.
 * @throws {@link SchemaRefused} `LF_SCHEMA_REFUSED` when it is no Avro
 */
export function checkedAvro(subject: string, avro: string): Json {
  try {
    const json = JSON.parse(avro) as Json;
    parseAvro(json);
    return json;
  } catch (error) {
    throw new SchemaRefused(subject, error instanceof LeftfoldError ? error.message : 'its text is no JSON');
  }
}
