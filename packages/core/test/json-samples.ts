import fc from 'fast-check';
import { encodePayload, t, type Json } from '../src/index.ts';

/** A schema, JSON that it takes or nearly takes, and memory forms. */
export interface Sample {
  readonly schema: t.AnySchema;
  readonly json: fc.Arbitrary<Json>;
  readonly memory: fc.Arbitrary<unknown>;
}
type Leaf = readonly [schema: t.AnySchema, memory: fc.Arbitrary<unknown>, near: readonly Json[]];

let drawn = 0;
const fresh = (prefix: string): string => `${prefix}${++drawn}`;
const text = fc.string({ unit: 'grapheme', maxLength: 6 });
const instants = fc.date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true });
const whole = [0, -0, 1, -1, 5, 9, 10, 1.5, 1e300, 2 ** 31, -(2 ** 31), 2 ** 53 - 1, 2 ** 53, -(2 ** 53)];
const wholeText = [
  '0',
  '-0',
  '00',
  '1',
  '-1',
  '5',
  '9',
  '10',
  '12',
  '-12',
  '012',
  '1.0',
  '1e3',
  '+1',
  '',
  '-',
  ' 1',
  '1\n',
];
/** Single values, each with JSON at the edge of what it takes. */
export const leaves: readonly Leaf[] = [
  [t.boolean(), fc.boolean(), []],
  [t.string(), text, []],
  [t.string({ min: 1, max: 3 }), fc.string({ minLength: 1, maxLength: 3 }), ['', '😀😀😀', '😀😀😀😀', 'é', '\n']],
  [t.string({ pattern: /a|bc/ }), fc.constantFrom('a', 'bc'), ['ab', 'b', 'a\n', '\na', 'abc', 'bca']],
  [t.string({ min: 2, pattern: /\p{Lu}*/u }), fc.constant('ÄÖ'), ['Ä', 'Äö', 'AB']],
  [t.personal(t.string({ max: 9 }), { erasedAs: '' }), fc.string({ maxLength: 9 }), ['lf1:', 'lf1:x', 'xlf1:', 'LF1:']],
  [t.int(), fc.integer(), whole],
  [t.int({ min: -1, max: 9 }), fc.integer({ min: -1, max: 9 }), whole],
  [t.integer(), fc.maxSafeInteger(), [...whole, ...wholeText, `${2 ** 53 - 1}`, '10000000000000000']],
  [t.integer({ min: 0 }), fc.nat(), [...whole, ...wholeText]],
  [t.integer({ max: -3 }), fc.integer({ max: -3 }), [...whole, ...wholeText, '-2', '-3', '-4']],
  [
    t.integer({ min: -12, max: 1234 }),
    fc.integer({ min: -12, max: 1234 }),
    [...whole, ...wholeText, '1234', '1235', '-13'],
  ],
  [
    t.long(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    [...whole, ...wholeText, `${2n ** 63n - 1n}`, '1'.repeat(20)],
  ],
  [t.double(), fc.double({ noNaN: true, noDefaultInfinity: true }), [...whole, '1']],
  [
    t.bytes(),
    fc.uint8Array({ maxLength: 5 }),
    ['', 'AA==', 'AB==', 'AA=', 'AAA=', 'AAB=', 'AAAA', 'AA==AAAA', 'AAAA\n', '-_=='],
  ],
  [
    t.uuid(),
    fc.uuid(),
    [
      '',
      '0190A3C0-0000-7000-8000-000000000000',
      'urn:uuid:0190a3c0-0000-7000-8000-000000000000',
      '0190a3c000007000800000000000000',
    ],
  ],
  [
    t.decimal(4, 2),
    fc.constantFrom('1.50', '-0.01', '12', '99.99'),
    ['100', '1.234', '01.2', '.5', '1.', '-0', '1e1', '+1', '1.5\n', 5],
  ],
  [t.decimal(3, 0), fc.constantFrom('7', '-120'), ['1.0', '1000', '-0', '00']],
  [
    t.date(),
    instants.map((day) => day.toISOString().slice(0, 10)),
    ['2026-02-29', '2024-02-29', '2026-13-01', '2026-1-1', '2026-11-22T00:00:00Z', '2026-11-22\n', 20],
  ],
  [
    t.timestampMillis(),
    instants,
    [
      '2026-11-22T01:02:03+01:00',
      '2026-11-22T01:02:03.4Z',
      '2026-11-22T01:02:03.1234Z',
      '2026-02-30T00:00:00Z',
      '2026-11-22t01:02:03z',
      '2026-11-22T24:00:00Z',
      '2026-11-22T23:59:60Z',
      '2026-11-22T00:00:00+24:00',
      '2026-11-22T00:00:00',
      '2026-11-22',
      1,
    ],
  ],
];
/** JSON of every kind. */
export const anything: readonly Json[] = [null, true, 0, '', 'x', [], {}, { a: 1 }, [null]];
const leaf = fc.constantFrom(...leaves).map(([schema, memory, near]): Sample => ({
  schema,
  memory,
  json: fc.oneof(
    { weight: 6, arbitrary: memory.map((value) => stored(schema, value)) },
    { weight: 1, arbitrary: fc.constantFrom(...near, ...anything) },
  ),
}));
const symbols = fc.uniqueArray(fc.constantFrom('A', 'b', 'C_1'), { minLength: 1 }).map((all): Sample => {
  const memory = fc.constantFrom(...all);
  return {
    schema: t.enum(fresh('E'), all as [string]),
    memory,
    json: fc.oneof(memory, memory, fc.constantFrom('A', 'c', null)),
  };
});

const fieldNames = fc.uniqueArray(fc.constantFrom('a', 'b', 'type', 'const', 'properties', 'nullable'), {
  maxLength: 3,
});
interface FieldsSample {
  readonly fields: t.Fields;
  readonly json: fc.Arbitrary<object>;
  readonly memory: fc.Arbitrary<object>;
}
const fieldsOf = (parts: fc.Arbitrary<Sample>): fc.Arbitrary<FieldsSample> =>
  fieldNames
    .chain((names) => fc.tuple(...names.map((name) => parts.map((part) => [name, part] as const))))
    .map((named): FieldsSample => {
      const all = <T>(of: (part: Sample) => T) => Object.fromEntries(named.map(([name, part]) => [name, of(part)]));
      const plain = { noNullPrototype: true };
      const exact = fc.record(
        all(({ json }) => json),
        plain,
      );
      const wrong = fc.oneof(
        fc.record(
          all(({ json }) => json),
          { ...plain, requiredKeys: [] },
        ),
        exact.map((value) => ({ ...value, more: 1 })),
      );
      return {
        fields: all(({ schema }) => schema),
        json: fc.oneof({ weight: 9, arbitrary: exact }, { weight: 1, arbitrary: wrong }),
        memory: fc.record(
          all(({ memory }) => memory),
          plain,
        ),
      };
    });
const keys = fc.oneof(
  { weight: 9, arbitrary: fc.string({ maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor') },
);
const safeKeys = fc.string({ maxLength: 3 });

/** Schemas of all shapes, without defaults. */
export const sample: fc.Arbitrary<Sample> = fc.letrec<{ sample: Sample }>((tie) => {
  const part = tie('sample');
  const fields = fieldsOf(part);
  return {
    sample: fc.oneof(
      { maxDepth: 3 },
      leaf,
      symbols,
      part.map(({ schema, json, memory }) => ({
        schema: t.nullable(schema),
        json: fc.option(json),
        memory: fc.option(memory),
      })),
      part.map(({ schema, json, memory }) => ({
        schema: t.array(schema),
        json: fc.array(json, { maxLength: 3 }),
        memory: fc.array(memory, { maxLength: 3 }),
      })),
      part.map(({ schema, json, memory }) => ({
        schema: t.map(schema),
        json: fc.array(fc.tuple(keys, json), { maxLength: 3 }).map((entries): Json => Object.fromEntries(entries)),
        memory: fc
          .dictionary(safeKeys, memory, { maxKeys: 3, noNullPrototype: true })
          .filter((map) => !Object.hasOwn(map, '__proto__')),
      })),
      fields.map((of) => ({
        schema: t.record(fresh('R'), of.fields),
        json: of.json as fc.Arbitrary<Json>,
        memory: of.memory,
      })),
      fc.tuple(fields, fields).map(([a, b]): Sample => {
        const tag = fresh('tag');
        const tagged = (variant: string, of: fc.Arbitrary<object>) => of.map((value) => ({ [tag]: variant, ...value }));
        const swapped = fc.oneof(a.json, tagged('b', a.json), tagged('c', b.json));
        return {
          schema: t.union(tag, { a: a.fields, b: b.fields }),
          json: fc.oneof(
            { weight: 4, arbitrary: tagged('a', a.json) },
            { weight: 4, arbitrary: tagged('b', b.json) },
            { weight: 1, arbitrary: swapped },
          ) as fc.Arbitrary<Json>,
          memory: fc.oneof(tagged('a', a.memory), tagged('b', b.memory)),
        };
      }),
    ),
  };
}).sample;

/** The stored JSON form. */
function stored(schema: t.AnySchema, value: unknown): Json {
  const encoded = encodePayload(schema, value);
  if ('issues' in encoded) throw new Error(`no value of its schema: ${JSON.stringify(encoded.issues)}`);
  return JSON.parse(encoded.text) as Json;
}
