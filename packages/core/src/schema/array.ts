import { fault, isFull, member, schemaOf, type Visit } from './kind.ts';
import { describe } from './leaf.ts';
import type { Mark, Schema } from './schema.ts';
import { partOf } from './with-default.ts';

/** Avro `array`. Holes are refused, as `undefined` is. */
export function array<T, M extends Mark, J, I>(
  items: Schema<T, M, J, I>,
): Schema<readonly T[], M, readonly J[], readonly I[]> {
  const item = partOf(items, 'at the items of an array');
  const each =
    (visit: Visit): Visit =>
    (value, walk) => {
      if (!Array.isArray(value)) return fault(walk, `expected an array, got ${describe(value)}`);
      const result: unknown[] = [];
      for (let i = 0; i < value.length && !isFull(walk); i++) result.push(member(visit, value[i], i, walk));
      return result;
    };
  return schemaOf({
    avro: (names) => ({ type: 'array', items: item.avro(names) }),
    jsonSchema: (form) => ({ type: 'array', items: item.jsonSchema(form) }),
    accept: each(item.accept),
    write: each(item.write),
    read: each(item.read),
    take: (json) => {
      if (!Array.isArray(json)) return undefined;
      const list: unknown[] = json;
      for (let i = 0; i < list.length; i++) {
        const member: unknown = item.take(list[i]);
        if (member === undefined) return undefined;
        if (!Object.is(member, list[i])) list[i] = member;
      }
      return list;
    },
    isPersonal: item.isPersonal,
  });
}
