import { checkAvroName, invalid, pascalCase } from './avro-name.ts';
import { fault, schemaOf, type Kind, type Visit } from './kind.ts';
import { describe, leaf } from './leaf.ts';
import type { PlainObject } from './plain-object.ts';
import { recordKind } from './record.ts';
import type { Fields, InputPayload, JsonPayload, MarksOf, Payload, Schema } from './schema.ts';

/**
 * Avro union of named records, in memory a discriminated union: `t.union('kind', { card: {...}, transfer: {...} })` gives
 * `{ kind: 'card', … } | { kind: 'transfer', … }`. Branches are matched by name, so a further branch never changes how old bytes decode.
 * The branches are called after tag and variant, `KindCard` and `KindTransfer`; each says its tag in the attribute `"tag": { "kind": "card" }`.
 * A variant that the reader does not know is a fault: a union has no default branch.
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` when there is no variant, a name cannot be used, or a variant has a field named as the tag
 */
export function union<const Tag extends string, V extends { readonly [variant: string]: Fields }>(
  tag: Tag,
  variants: V,
): Schema<
  { [K in keyof V]: { readonly [T in Tag]: K } & Payload<V[K]> }[keyof V],
  { [K in keyof V]: MarksOf<V[K]> }[keyof V],
  { [K in keyof V]: { readonly [T in Tag]: K } & JsonPayload<V[K]> }[keyof V],
  { [K in keyof V]: { readonly [T in Tag]: K } & InputPayload<V[K]> }[keyof V]
> {
  checkAvroName(tag, 'the tag of a union');
  const byVariant = new Map<unknown, Kind>(
    Object.entries(variants).map(([variant, fields]) => [variant, variantKind(tag, variant, fields)]),
  );
  if (byVariant.size === 0) throw invalid(`the union by '${tag}' has no variants`);
  const branches = [...byVariant.values()];
  const expected = `expected one of ${[...byVariant.keys()].map((variant) => `'${String(variant)}'`).join(', ')}`;
  const choose =
    (direction: 'accept' | 'write' | 'read'): Visit =>
    (value, walk) => {
      if (typeof value !== 'object' || value === null) return fault(walk, `expected an object, got ${describe(value)}`);
      const kind = byVariant.get((value as PlainObject)[tag]);
      return kind === undefined ? fault(walk, expected, tag) : kind[direction](value, walk);
    };
  return schemaOf({
    avro: (names) => branches.map((branch) => branch.avro(names)),
    jsonSchema: (form) => ({ oneOf: branches.map((branch) => branch.jsonSchema(form)) }),
    accept: choose('accept'),
    write: choose('write'),
    read: choose('read'),
    take: (json) => byVariant.get((json as PlainObject | null)?.[tag])?.take(json),
    isPersonal: branches.some((branch) => branch.isPersonal),
    branches,
  });
}

function variantKind(tag: string, variant: string, fields: Fields): Kind {
  if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(variant))
    throw invalid(`'${variant}' cannot be a variant of the union by '${tag}': a letter, then letters, digits, _ and -`);
  if (Object.hasOwn(fields, tag))
    throw invalid(`the variant '${variant}' has a field '${tag}', which is the tag of its union`);
  const literal = leaf({
    avro: 'string',
    jsonSchema: { type: 'string', const: variant },
    expected: variant,
    accept: (value) => (value === variant ? variant : undefined),
  });
  return recordKind(pascalCase(tag) + pascalCase(variant), fields, {
    attributes: { tag: { [tag]: variant } },
    tag: { name: tag, kind: literal },
  });
}
