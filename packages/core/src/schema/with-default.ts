import { avroDefault } from './avro-default.ts';
import { invalid } from './avro-name.ts';
import { kindOf, run, schemaOf, type Kind } from './kind.ts';
import { issuesText } from './issue.ts';
import type { AnySchema, Json, Mark, Schema } from './schema.ts';

/**
 * A value for readers of data written before the field existed: Avro's reader default. Writers must still give the field,
 * so a default is never written by accident. This makes adding a field a compatible change *inside* a version (a revision).
 * Stands directly at a field: `t.withDefault(t.nullable(…), …)`, not inside other schemas. The default is not held to constraints, as no old data is.
 * A builder is called before the record or event around it, so what it refuses names the builder, and the stack trace says where it stands.
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` when the default does not fit the schema, or Avro cannot say it
 */
export function withDefault<T, M extends Mark, J, I>(
  schema: Schema<T, M, J, I>,
  value: NoInfer<T>,
): Schema<T, M, J, I> {
  const inner = partOf(schema, 'inside t.withDefault');
  const written = run<Json>(inner.write, value, false);
  if ('issues' in written) throw invalid(`t.withDefault: the default does not fit: ${issuesText(written.issues)}`);
  const absent = written.value;
  const kind: Kind = { ...inner, absent, ...branchFirst(inner, absent) };
  avroDefault(kind.avro(), absent);
  return schemaOf(kind);
}

/** Avro wants the branch of the default first (all libraries before 1.12 do). Readers match branches by name, so the order means nothing else. */
function branchFirst({ branches }: Kind, json: Json): Pick<Kind, 'avro'> | undefined {
  const first = branches?.find((branch) => !('issues' in run(branch.read, json, false)));
  if (branches === undefined || first === undefined) return undefined;
  const ordered = [first, ...branches.filter((branch) => branch !== first)];
  return { avro: (names) => ordered.map((branch) => branch.avro(names)) };
}

/** The kind of a schema that is part of another, where a reader's default would mean nothing. */
export function partOf(schema: AnySchema, place: string): Kind {
  const kind = kindOf(schema, place);
  // The default of nullable is null everywhere, said or not.
  if (kind.absent !== undefined && kind.absent !== null)
    throw invalid(`t.withDefault has no meaning ${place}: only a field can be absent`);
  return kind;
}
