import type { t } from '@leftfold/core';

/** A place in an event's payload that holds personal data. */
export interface PersonalPlace {
  /** `shipTo.street`, `people[].email` in a list, `contacts{}.email` in a map, `paidBy(card).holder` in a variant of a union. */
  readonly field: string;
  /** What readers see of an erased subject. */
  readonly erasedAs: string;
}

/** All places of a schema's Avro JSON that are marked `"personal": true`, in the order of its fields. */
export function personalPlaces(avro: t.Json): readonly PersonalPlace[] {
  return stringPlaces(avro).flatMap(({ field, erasedAs }) => (erasedAs === undefined ? [] : [{ field, erasedAs }]));
}

/** All places that hold text, likewise; without `erasedAs` where it is not personal. */
export function stringPlaces(avro: t.Json): readonly (Pick<PersonalPlace, 'field'> & Partial<PersonalPlace>)[] {
  const definitions = new Map<string, t.Json>();
  const places: (Pick<PersonalPlace, 'field'> & Partial<PersonalPlace>)[] = [];
  const visit = (type: t.Json | undefined, path: string): void => {
    if (type === undefined || type === null || typeof type !== 'object') {
      if (type === 'string') places.push({ field: path });
      // A name that stands for a definition met before; a schema cannot contain itself.
      if (typeof type === 'string' && definitions.has(type)) visit(definitions.get(type), path);
      return;
    }
    if (isUnion(type)) {
      for (const branch of type) visit(branch, path + variantOf(branch, definitions));
      return;
    }
    const { personal, erasedAs, name } = type;
    if (typeof name === 'string') definitions.set(name, type);
    if (personal === true) places.push({ field: path, erasedAs: typeof erasedAs === 'string' ? erasedAs : '' });
    else if (type['type'] === 'string') places.push({ field: path });
    if (type['type'] === 'array') visit(type['items'], `${path}[]`);
    if (type['type'] === 'map') visit(type['values'], `${path}{}`);
    if (type['type'] === 'record')
      for (const field of type['fields'] as unknown as readonly AvroField[])
        visit(field.type, path === '' ? field.name : `${path}.${field.name}`);
  };
  visit(avro, '');
  return places;
}

interface AvroField {
  readonly name: string;
  readonly type: t.Json;
}
const isUnion = (type: t.Json): type is readonly t.Json[] => Array.isArray(type);

/** `(card)` for a branch that stands for a variant. */
function variantOf(branch: t.Json, definitions: ReadonlyMap<string, t.Json>): string {
  const definition = typeof branch === 'string' ? definitions.get(branch) : branch;
  const tag = (definition as { readonly tag?: { readonly [name: string]: string } } | null | undefined)?.tag;
  return tag === undefined ? '' : `(${Object.values(tag).join()})`;
}
