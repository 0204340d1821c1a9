import { avscDifference } from './avsc-difference.ts';
import type { AvscForms } from './avsc-forms.ts';
import { schemaOfAvro } from './avsc-schema.ts';
import { invalid } from './avro-name.ts';
import type { Json, Schema } from './schema.ts';

/**
 * The schema that an Avro schema describes, as the builders make it: `t.avsc({ type: 'record', name: 'Money', fields: […] })`. For those who have an `.avsc` and
 * want to go on with it; `builderCode` of `@leftfold/avro` prints the builders instead. Types are inferred from the literal: a long is a `bigint`, a union
 * with `null` is nullable, a record of a union needs our attribute `tag`. A name in place of its definition works, but its type is a sentence saying
 * that it was not inferred: write such a schema with builders.
 *
 * The result's `avro` equals what was given, in another order of attributes at most; so what a schema here could not carry is refused, not dropped.
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` with the place and a remedy
 */
export function avsc<const A extends AvscLiteral>(
  avro: A,
): Schema<AvscForms<A>['memory'], AvscForms<A>['mark'], AvscForms<A>['json'], AvscForms<A>['input']> {
  // What the compiler inferred is what was made; that it cannot see. Asked to compare the two for every A, it would not end.
  return made(avro);
}

function made<S>(given: unknown): S {
  const avro = given as Json;
  const schema = schemaOfAvro(avro);
  const difference = avscDifference(avro, schema.avro);
  if (difference !== undefined) throw invalid(`t.avsc: ${difference}`);
  return schema as unknown as S;
}

/** Avro JSON. Looser than {@link Json}, against which each literal would have to be compared; the check is at run time. */
type AvscLiteral = string | readonly unknown[] | { readonly [attribute: string]: unknown };
