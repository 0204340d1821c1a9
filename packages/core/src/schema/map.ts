import { fault, isFull, member, schemaOf, type Visit } from './kind.ts';
import { describe } from './leaf.ts';
import { isPlainObject, isPollutingKey, POLLUTING_KEYS } from './plain-object.ts';
import type { Mark, Schema } from './schema.ts';
import { notStorable } from './text.ts';
import { partOf } from './with-default.ts';

/** Avro `map`: string keys. `__proto__`, `constructor` and `prototype` are refused. Stored in the order of the keys. */
export function map<T, M extends Mark, J, I>(
  values: Schema<T, M, J, I>,
): Schema<{ readonly [key: string]: T }, M, { readonly [key: string]: J }, { readonly [key: string]: I }> {
  const item = partOf(values, 'at the values of a map');
  const each =
    (visit: Visit): Visit =>
    (value, walk) => {
      if (!isPlainObject(value)) return fault(walk, `expected an object, got ${describe(value)}`);
      const result: Record<string, unknown> = {};
      for (const key of Object.keys(value).sort()) {
        if (isFull(walk)) break;
        const refused = isPollutingKey(key) ? 'would reach the prototype of an object' : notStorable(key);
        if (refused !== undefined) fault(walk, `the key ${refused}`, key);
        else result[key] = member(visit, value[key], key, walk);
      }
      for (const symbol of Object.getOwnPropertySymbols(value)) fault(walk, 'a symbol cannot be a key', symbol);
      return result;
    };
  return schemaOf({
    avro: (names) => ({ type: 'map', values: item.avro(names) }),
    jsonSchema: (form) => ({
      type: 'object',
      propertyNames: { not: { enum: [...POLLUTING_KEYS] } },
      additionalProperties: item.jsonSchema(form),
    }),
    accept: each(item.accept),
    write: each(item.write),
    read: each(item.read),
    take: (json) => {
      if (!isPlainObject(json)) return undefined;
      const result: Record<string, unknown> = {};
      for (const key of Object.keys(json).sort()) {
        const member = item.take(json[key]);
        if (member === undefined || isPollutingKey(key) || notStorable(key) !== undefined) return undefined;
        result[key] = member;
      }
      return result;
    },
    isPersonal: item.isPersonal,
  });
}
