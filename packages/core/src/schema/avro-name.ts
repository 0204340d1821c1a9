import { DefinitionError } from '../errors.ts';
import type { Json } from './schema.ts';

/** Named Avro types met so far in one schema text: name → full definition, as JSON text. */
export type Names = Map<string, string>;

/** Avro specification 1.12, "Names". */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const TAKEN = new Set(
  'null boolean int long float double bytes string record enum array map fixed union error request'.split(' '),
);

export const invalid = (message: string): DefinitionError => new DefinitionError('LF_SCHEMA_INVALID', message);

/** Refuses what Avro cannot take as the name of a `what`, with a name it can. */
export function checkAvroName(name: string, what: string): void {
  if (typeof name === 'string' && NAME.test(name) && !isObjectMember(name)) return;
  const remedy = String(name)
    .replaceAll(/[^A-Za-z0-9_]+/g, '_')
    .replace(/^(?=[0-9])/, '_');
  throw invalid(
    NAME.test(name)
      ? `'${name}' cannot be the name of ${what}: every JavaScript object has a member of this name`
      : `'${name}' cannot be the name of ${what}: Avro takes letters, digits and _, no digit first; for example '${remedy}'`,
  );
}
/** Besides the danger of `__proto__`: `json.toString` would be found where the field is absent. */
const isObjectMember = (name: string): boolean => name in {} || name === 'prototype';

/** Refuses an invalid name of a record or enum. */
export function checkTypeName(name: string, what: string): void {
  checkAvroName(name, what);
  if (TAKEN.has(name)) throw invalid(`'${name}' cannot be the name of ${what}: it is a type of Avro's own`);
}

/**
 * A named type where it stands: its definition the first time, its name alone afterwards.
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` when the name stands for another shape already
 */
export function named(name: string, definition: (names?: Names) => Json, names: Names | undefined): Json {
  if (names === undefined) return definition();
  const shape = JSON.stringify(definition());
  const known = names.get(name);
  if (known === undefined) {
    names.set(name, shape);
    return definition(names);
  }
  if (known === shape) return name;
  throw invalid(`the name '${name}' stands for two different shapes; give one of them another name`);
}

/** `payment-added` → `PaymentAdded`. Different words give different names: a hyphen that no letter follows becomes `_`. */
export const pascalCase = (words: string): string =>
  words
    .replace(/^[a-z]/, (first) => first.toUpperCase())
    .replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    .replaceAll('-', '_');
