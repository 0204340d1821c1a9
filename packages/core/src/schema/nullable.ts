import { jsonOrNull } from './json-schema-form.ts';
import { fault, schemaOf, type Kind, type Visit } from './kind.ts';
import type { Mark, Schema } from './schema.ts';
import { partOf } from './with-default.ts';

const onlyNull: Visit = (value, walk) => (value === null ? null : fault(walk, 'expected null'));
const NULL: Kind = {
  avro: () => 'null',
  jsonSchema: () => ({ type: 'null' }),
  accept: onlyNull,
  write: onlyNull,
  read: onlyNull,
  take: (json) => (json === null ? null : undefined),
  isPersonal: false,
};

/**
 * Avro union with `null`, reader default `null`. Always present in memory, as `null`: `undefined` is refused at append.
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` around `t.withDefault`
 */
export function nullable<T, M extends Mark, J, I>(schema: Schema<T, M, J, I>): Schema<T | null, M, J | null, I | null> {
  const some = partOf(schema, 'inside t.nullable');
  if (some.branches?.[0] === NULL) return schema;
  const branches = [NULL, ...(some.branches ?? [some])];
  const orNull =
    (visit: Visit): Visit =>
    (value, walk) =>
      value === null ? null : visit(value, walk);
  return schemaOf({
    ...some,
    avro: (names) => branches.map((branch) => branch.avro(names)),
    jsonSchema: (form) => jsonOrNull(some.jsonSchema(form)),
    accept: orNull(some.accept),
    write: orNull(some.write),
    read: orNull(some.read),
    take: (json) => (json === null ? null : some.take(json)),
    absent: null,
    branches,
  });
}
