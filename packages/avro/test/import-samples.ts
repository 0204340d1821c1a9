import { t, type Json } from '@leftfold/core';
import fc from 'fast-check';

let drawn = 0;
const fresh = (prefix: string): string => `${prefix}${++drawn}`;
export interface Sample {
  readonly schema: t.AnySchema;
  /** Values for a default. */
  readonly values: readonly unknown[];
}
const leaf = fc.constantFrom<Sample>(
  { schema: t.boolean(), values: [true] },
  { schema: t.int(), values: [-3] },
  { schema: t.long(), values: [0n, -(2n ** 50n)] },
  { schema: t.double(), values: [0.5, 1e300] },
  { schema: t.string(), values: ['', 'it\'s \\ "quoted"\n\u2028`${x}`', 'x'.repeat(130)] },
  { schema: t.bytes(), values: [new Uint8Array(), new Uint8Array([7])] },
  { schema: t.uuid(), values: ['0190a3c0-0000-7000-8000-000000000000'] },
  { schema: t.date(), values: ['0000-01-01'] },
  { schema: t.timestampMillis(), values: [new Date(0)] },
  { schema: t.decimal(6, 2), values: ['-1.50'] },
  { schema: t.decimal(3, 0), values: ['7'] },
  { schema: t.personal(t.string(), { erasedAs: "'*/" }), values: ['x'] },
);
const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'type', 'class', 'default', 'aFieldWithALongName'), {
  maxLength: 5,
});
const fieldsOf = (parts: fc.Arbitrary<Sample>): fc.Arbitrary<t.Fields> =>
  names
    .chain((all) => fc.tuple(...all.map((name) => fc.tuple(fc.constant(name), parts, fc.nat(9)))))
    .map((fields) =>
      Object.fromEntries(
        fields.map(([name, { schema, values }, pick]) => {
          const value = values[pick];
          return [name, value === undefined ? schema : t.withDefault(schema, value)];
        }),
      ),
    );
/** Schemas of all shapes, with defaults. */
export const sample: fc.Arbitrary<Sample> = fc.letrec<{ sample: Sample }>((tie) => {
  const part = tie('sample');
  const bare = part.map(({ schema }) => schema);
  return {
    sample: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.constant(null).map(() => ({ schema: t.enum(fresh('E'), ['A', 'class', 't']), values: ['class'] })),
      part.map(({ schema, values }) => ({ schema: t.nullable(schema), values: [null, ...values] })),
      part.map(({ schema, values }) => ({ schema: t.array(schema), values: [[], values.slice(0, 1)] })),
      part.map(({ schema, values }) => ({
        schema: t.map(schema),
        values: [{}, { 'a b': values[0] ?? null }].slice(0, values.length + 1),
      })),
      bare.map((schema) => {
        const inner = t.record(fresh('Inner'), { of: schema });
        return { schema: t.record(fresh('R'), { a: inner, b: t.nullable(inner), c: t.array(inner) }), values: [] };
      }),
      fieldsOf(part).map((fields) => ({ schema: t.record(fresh('R'), fields), values: [] })),
      fc.tuple(fieldsOf(part), fieldsOf(part)).map(([a, b]) => {
        const tag = fresh('tag');
        const union = t.union(tag, { a, 'b-c': b, none: {} });
        return {
          schema: t.record(fresh('U'), {
            a: union,
            b: t.nullable(union),
            c: t.withDefault(union, { [tag]: 'none' } as never),
          }),
          values: [],
        };
      }),
    ),
  };
}).sample;

/** The same JSON with one thing at some place dropped, replaced, or added. */
function mutated(
  json: Json,
  places: readonly number[],
  what: (old: Json) => readonly (readonly [string, Json])[],
): Json {
  const [place = 0, ...deeper] = places;
  if (typeof json !== 'object' || json === null) return json;
  const entries = Object.entries(json) as readonly (readonly [string, Json])[];
  const at = place % Math.max(entries.length, 1);
  const changed = entries.flatMap(([key, value], i): readonly (readonly [string, Json])[] => {
    if (i !== at) return [[key, value]];
    if (deeper.length > 0 && typeof value === 'object') return [[key, mutated(value, deeper, what)]];
    return what(value).map(([more, other]) => [more === '' ? key : more, other]);
  });
  return Array.isArray(json) ? changed.map(([, value]) => value) : Object.fromEntries(changed);
}
const mutation = fc.oneof(
  fc.constant(() => []),
  fc.jsonValue({ maxDepth: 2 }).map((value) => () => [['', value as Json] as const]),
  fc
    .constantFrom(
      'int',
      'float',
      'null',
      'Money',
      'E1',
      'R1',
      'record',
      'a.b',
      '',
      '__proto__',
      -1,
      1e20,
      null,
      [],
      {},
      ['null', 'long'],
    )
    .map((value) => () => [['', value] as const]),
  fc
    .constantFrom(
      'doc',
      'aliases',
      'namespace',
      'order',
      'default',
      'tag',
      'logicalType',
      'type',
      'name',
      'personal',
      '__proto__',
    )
    .chain((key) =>
      fc.constantFrom('x', 'uuid', null, 0, true, ['x'], { kind: 'x' }).map((value) => [key, value] as const),
    )
    .map(([key, value]) => (old: Json) => [['', old] as const, [key, value] as const]),
);

/** JSON that was nearly a schema. As text, so that a failure shows no more than it. */
export const nearly: fc.Arbitrary<string> = fc
  .tuple(sample, fc.array(fc.nat(9), { minLength: 1, maxLength: 9 }), mutation)
  .map(([{ schema }, places, what]) => JSON.stringify(mutated(schema.avro, places, what)));
