import { parseAvro, type Json } from '@leftfold/core';
import fc from 'fast-check';

/** Avro schemas over few names, so that two of them often have much in common. */
const leaf: fc.Arbitrary<Json> = fc.constantFrom<Json>(
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
  { type: 'string', logicalType: 'uuid' },
  { type: 'int', logicalType: 'date' },
  { type: 'long', logicalType: 'timestamp-millis' },
  { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 },
  { type: 'bytes', logicalType: 'decimal', precision: 6, scale: 2 },
  { type: 'bytes', logicalType: 'decimal', precision: 6, scale: 3 },
  { type: 'string', personal: true, erasedAs: '-' },
  { type: 'fixed', name: 'F', size: 2 },
  { type: 'fixed', name: 'F', size: 3 },
);
const enumeration = fc
  .record({
    name: fc.constantFrom('E', 'n.E', 'G'),
    symbols: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }),
    hasDefault: fc.boolean(),
  })
  .map(({ name, symbols, hasDefault }): Json => {
    return { type: 'enum', name, symbols, ...(hasDefault && { default: symbols[0] as string }) };
  });
const fieldsOf = (part: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  fc.uniqueArray(
    fc.oneof(
      { weight: 3, arbitrary: fc.record({ name: fc.constantFrom('x', 'y', 'z'), type: part }) },
      fc.record({ name: fc.constantFrom('x', 'y'), type: fc.constant('int'), default: fc.constant(7) }),
      fc.record({
        name: fc.constantFrom('y', 'z'),
        type: part.filter((type) => type !== 'null' && !Array.isArray(type)).map((type): Json => ['null', type]),
        default: fc.constant(null),
      }),
    ),
    { maxLength: 3, selector: ({ name }) => name },
  );
const { schema } = fc.letrec<{ schema: Json }>((tie) => {
  const part = tie('schema');
  const record = (name: fc.Arbitrary<string>) =>
    fc.record({ type: fc.constant('record'), name, fields: fieldsOf(part) });
  const variant = (name: string) =>
    fieldsOf(part).map((fields): Json => ({ type: 'record', name, tag: { kind: name }, fields }));
  return {
    schema: fc.oneof(
      { maxDepth: 3 },
      leaf,
      enumeration,
      part.map((items): Json => ({ type: 'array', items })),
      part.map((values): Json => ({ type: 'map', values })),
      record(fc.constantFrom('R', 'n.R', 'S')),
      part.filter((type) => type !== 'null' && !Array.isArray(type)).map((type): Json => ['null', type]),
      fc.tuple(variant('KindA'), variant('KindB')).map((branches): Json => branches),
      fc.tuple(variant('KindB'), variant('KindC')).map((branches): Json => ['null', ...branches]),
    ),
  };
});
/** A name is defined where it first stands; where it stands again, it is a name. */
function namedOnce(avro: Json, seen = new Set<string>(), namespace = '', around: readonly string[] = []): Json {
  if (typeof avro !== 'object' || avro === null) return avro;
  if (Array.isArray(avro)) return avro.map((one: Json) => namedOnce(one, seen, namespace, around));
  const { name, fields, items, values, ...rest } = avro as { [key: string]: Json };
  if (typeof name === 'string' && 'type' in rest && ['record', 'enum', 'fixed'].includes(rest['type'] as string)) {
    const full = name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
    // No value of a record that must hold itself ever ends.
    if (around.includes(full)) return 'int';
    if (seen.has(full)) return full;
    seen.add(full);
    const within = full.includes('.') ? full.slice(0, full.lastIndexOf('.')) : namespace;
    const inside = Array.isArray(fields)
      ? {
          fields: fields.map((one: { [key: string]: Json }) => ({
            ...one,
            type: namedOnce(one['type'] as Json, seen, within, [...around, full]),
          })),
        }
      : {};
    return { ...rest, name, ...inside };
  }
  return {
    ...rest,
    ...(name !== undefined && { name }),
    ...(items !== undefined && { items: namedOnce(items, seen, namespace, around) }),
    ...(values !== undefined && { values: namedOnce(values, seen, namespace, around) }),
  };
}

/** The same schema, changed in places: each number decides about one of them. */
function changed(avro: Json, choices: Iterator<number>): Json {
  const choose = (of: number): number => (choices.next().value as number) % of;
  if (typeof avro === 'string')
    return choose(4) > 0 ? avro : ((['long', 'double', 'string', 'bytes', 'int'] as const)[choose(5)] as string);
  if (Array.isArray(avro)) {
    const list = avro.map((one: Json) => changed(one, choices));
    return choose(6) === 0 && list.length > 1 ? list.slice(1) : list;
  }
  const object = { ...(avro as { [key: string]: Json }) };
  for (const part of ['items', 'values']) if (object[part] !== undefined) object[part] = changed(object[part], choices);
  if (Array.isArray(object['symbols']) && choose(3) === 0) {
    object['symbols'] = [...new Set([...object['symbols'].slice(1), 'd'])] as string[];
    if ('default' in object) object['default'] = 'd';
  }
  if (Array.isArray(object['fields'])) {
    const fields = (object['fields'] as { [key: string]: Json }[]).map((field) =>
      'default' in field ? field : { ...field, type: changed(field['type'] as Json, choices) },
    );
    const kept = choose(4) === 0 ? fields.slice(1) : fields;
    object['fields'] =
      choose(4) === 0 ? [...kept, { name: 'w', type: 'long', ...(choose(2) === 0 && { default: 3 }) }] : kept;
  }
  return choose(12) === 0 && object['type'] !== 'null' ? ['null', object] : object;
}
/** True when it is Avro. */
export const isParsed = (avro: Json): boolean => {
  try {
    parseAvro(avro);
    return true;
  } catch {
    return false;
  }
};
/** A schema. */
export const valid: fc.Arbitrary<Json> = schema.map((avro) => namedOnce(avro)).filter(isParsed);
/** A writer and a reader, mostly the same with changes. */
export const pair: fc.Arbitrary<readonly [writer: Json, reader: Json]> = fc.oneof(
  { weight: 1, arbitrary: fc.tuple(valid, valid) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(valid, fc.infiniteStream(fc.nat({ max: 59 })))
      .map(([avro, choices]): readonly [Json, Json] => [avro, changed(avro, choices)])
      .filter(([, reader]) => isParsed(reader)),
  },
);
