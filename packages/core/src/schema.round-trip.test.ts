import fc from 'fast-check';
import { expect, test } from 'vitest';
import { resolvePayload, t } from './index.ts';
import { encodePayload, fromJson } from './schema/payload.ts';

/** A schema and the memory forms it takes. */
interface Sample {
  readonly schema: t.AnySchema;
  readonly values: fc.Arbitrary<unknown>;
}
const of = (schema: t.AnySchema, values: fc.Arbitrary<unknown>): Sample => ({ schema, values });

/** Names that no two shapes share, counted as they are drawn. */
let drawn = 0;
const fresh = (prefix: string): string => `${prefix}${++drawn}`;

const storable = fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !text.includes('\0'));
const instant = fc.date({
  min: new Date('0000-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});
const withoutMinusZero = (n: number): number => n + 0;
const decimalText = (precision: number, scale: number) =>
  fc.bigInt({ min: -(10n ** BigInt(precision)) + 1n, max: 10n ** BigInt(precision) - 1n }).map((unscaled) => {
    const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
    const point = digits.length - scale;
    return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`;
  });

const leaf: fc.Arbitrary<Sample> = fc.oneof(
  fc.constantFrom(
    of(t.string(), storable),
    of(
      t.personal(t.string(), { erasedAs: '' }),
      storable.filter((text) => !text.startsWith('lf1:')),
    ),
    of(t.boolean(), fc.boolean()),
    of(t.int(), fc.integer()),
    of(t.integer(), fc.maxSafeInteger().map(withoutMinusZero)),
    of(t.long(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    of(t.double(), fc.double({ noNaN: true, noDefaultInfinity: true }).map(withoutMinusZero)),
    of(t.bytes(), fc.uint8Array({ maxLength: 9 })),
    of(t.uuid(), fc.uuid()),
    of(t.timestampMillis(), instant),
    of(
      t.date(),
      instant.map((day) => day.toISOString().slice(0, 10)),
    ),
  ),
  fc
    .integer({ min: 1, max: 38 })
    .chain((precision) => fc.tuple(fc.constant(precision), fc.integer({ min: 0, max: precision })))
    .map(([precision, scale]) => of(t.decimal(precision, scale), decimalText(precision, scale))),
  fc
    .uniqueArray(fc.constantFrom('A', 'b', 'C_1', '_'), { minLength: 1 })
    .map((symbols) => of(t.enum(fresh('E'), symbols as [string]), fc.constantFrom(...symbols))),
);

const fieldNames = fc.uniqueArray(fc.stringMatching(/^[a-z_][a-z0-9]{0,4}$/), { maxLength: 4 });
type FieldsSample = readonly [fields: t.Fields, values: fc.Arbitrary<object>];
const fieldsOf = (parts: fc.Arbitrary<Sample>): fc.Arbitrary<FieldsSample> =>
  fieldNames.chain((names) =>
    fc
      .tuple(...names.map((name) => parts.map((part) => [name, part] as const)))
      .map((fields): FieldsSample => [
        Object.fromEntries(fields.map(([name, { schema }]) => [name, schema])),
        fc.record(Object.fromEntries(fields.map(([name, { values }]) => [name, values])), { noNullPrototype: true }),
      ]),
  );
const unionOf = ([a, ofA]: FieldsSample, [b, ofB]: FieldsSample): Sample => {
  const tag = fresh('Tag');
  const tagged = (kind: string) => (value: object) => ({ [tag]: kind, ...value });
  return of(t.union(tag, { a, b }), fc.oneof(ofA.map(tagged('a')), ofB.map(tagged('b'))));
};
const mapOf = ({ schema, values }: Sample): Sample =>
  of(
    t.map(schema),
    fc.dictionary(
      storable.filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key)),
      values,
      { maxKeys: 3, noNullPrototype: true },
    ),
  );

const { sample } = fc.letrec<{ sample: Sample }>((tie) => {
  const part = tie('sample');
  return {
    sample: fc.oneof(
      { maxDepth: 3 },
      leaf,
      part.map(({ schema, values }) => of(t.nullable(schema), fc.option(values))),
      part.map(({ schema, values }) => of(t.array(schema), fc.array(values, { maxLength: 3 }))),
      part.map(mapOf),
      fieldsOf(part).map(([fields, values]) => of(t.record(fresh('R'), fields), values)),
      fc.tuple(fieldsOf(part), fieldsOf(part)).map(([a, b]) => unionOf(a, b)),
    ),
  };
});
const schemaAndValue = sample.chain(({ schema, values }) => values.map((value) => [schema, value] as const));

function textOf(schema: t.AnySchema, value: unknown): string {
  const encoded = encodePayload(schema, value);
  if ('issues' in encoded) throw new Error(`refused: ${JSON.stringify(encoded.issues)}`);
  return encoded.text;
}
const validate = (schema: t.AnySchema, value: unknown) => schema['~standard'].validate(value);
const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

test('every value of every schema comes back from its stored text', () => {
  fc.assert(
    fc.property(schemaAndValue, ([schema, value]) => {
      expect(fromJson(schema, JSON.parse(textOf(schema, value)))).toEqual({ value });
    }),
    { numRuns: 500 },
  );
});

test('the edge makes the memory form of the JSON form, of the memory form, and of any mixture', () => {
  const mix = (memory: unknown, json: unknown, toss: () => boolean): unknown => {
    if (Array.isArray(memory) && Array.isArray(json)) return memory.map((item, i) => mix(item, json[i], toss));
    if (isPlain(memory) && isPlain(json))
      return Object.fromEntries(Object.keys(memory).map((key) => [key, mix(memory[key], json[key], toss)]));
    return toss() ? memory : json;
  };
  fc.assert(
    fc.property(schemaAndValue, fc.infiniteStream(fc.boolean()), ([schema, value], tosses) => {
      const json: unknown = JSON.parse(textOf(schema, value));
      expect(validate(schema, json)).toEqual({ value });
      expect(validate(schema, value)).toEqual({ value });
      expect(
        validate(
          schema,
          mix(value, json, () => tosses.next().value === true),
        ),
      ).toEqual({ value });
    }),
    { numRuns: 300 },
  );
});

test('the text does not depend on the order in which a value was put together', () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (!isPlain(value)) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, item]) => [key, reversed(item)]),
    );
  };
  fc.assert(
    fc.property(schemaAndValue, ([schema, value]) => {
      expect(textOf(schema, reversed(value))).toBe(textOf(schema, value));
    }),
  );
});

test('a default is what readers of older data see, or is refused at definition', () => {
  const defined = (schema: t.AnySchema, value: unknown) => {
    try {
      return t.record('Reader', { f: t.withDefault(schema, value) });
    } catch (error) {
      expect(error).toMatchObject({ code: 'LF_SCHEMA_INVALID' });
      return undefined;
    }
  };
  const isNullable = (schema: t.AnySchema): boolean => Array.isArray(schema.avro) && schema.avro.includes('null');
  let kept = 0;
  fc.assert(
    fc.property(schemaAndValue, ([schema, value]) => {
      const Reader = defined(schema, value);
      if (Reader === undefined) return;
      kept += isNullable(schema) ? 0 : 1;
      expect(fromJson(Reader, {})).toEqual({ value: { f: value } });
      // Through Avro's own form of a default, which is another one, and back.
      const writer = { fingerprint: 'empty', avro: t.record('Writer', {}).avro };
      expect(resolvePayload(Reader, writer, '{}')).toEqual({ value: { f: value } });
    }),
    { numRuns: 300 },
  );
  expect(kept).toBeGreaterThan(50);
});

test('whatever else is given is refused without a throw, or is stored and comes back', () => {
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    stringUnit: 'binary',
  });
  fc.assert(
    fc.property(sample, anything, ({ schema }, value) => {
      encodePayload(schema, value);
      fromJson(schema, value);
      const checked = validate(schema, value);
      if ('value' in checked)
        expect(fromJson(schema, JSON.parse(textOf(schema, checked.value)))).toEqual({ value: checked.value });
    }),
    { numRuns: 1000 },
  );
});
