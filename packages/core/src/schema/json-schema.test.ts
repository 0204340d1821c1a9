import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { t, type Json } from '../index.ts';
import { anything, leaves, sample } from '../../test/json-samples.ts';
import { fits } from '../../test/json-schema-checker.ts';

const accepts = (schema: t.AnySchema, json: Json): boolean => 'value' in schema['~standard'].validate(json);
/** As a reply travels: bigints as decimal strings, bytes as base64. */
const replied = (value: unknown): Json =>
  JSON.parse(
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === 'bigint'
        ? part.toString()
        : part instanceof Uint8Array
          ? Buffer.from(part).toString('base64')
          : part,
    ),
  ) as Json;
const targets = ['draft-2020-12', 'draft-07', 'openapi-3.0', 'openapi-3.1'];
const standard = (schema: t.AnySchema, form: 'input' | 'output', target: string): Json =>
  schema['~standard'].jsonSchema[form]({ target }) as Json;

test('what the JSON Schema takes, the edge takes, and nothing else', () => {
  const verdicts = { taken: 0, refused: 0 };
  fc.assert(
    fc.property(
      sample.chain(({ schema, json }) => json.map((value) => [schema, value] as const)),
      ([schema, json]) => {
        const taken = accepts(schema, json);
        expect({ says: t.jsonSchema(schema), json, fits: fits(t.jsonSchema(schema), json) }).toMatchObject({
          fits: taken,
        });
        verdicts[taken ? 'taken' : 'refused']++;
      },
    ),
    { numRuns: 3000 },
  );
  expect(Math.min(verdicts.taken, verdicts.refused)).toBeGreaterThan(300);
});

test.each(leaves.map((each) => [JSON.stringify(t.jsonSchema(each[0])), ...each] as const))(
  'corners of %s',
  (_, schema, __, near) => {
    for (const json of [...near, ...anything])
      expect([json, fits(t.jsonSchema(schema), json)]).toEqual([json, accepts(schema, json)]);
  },
);

test('OpenAPI 3.0 and draft 7 take what the edge takes', () => {
  fc.assert(
    fc.property(
      sample.chain(({ schema, json }) => json.map((value) => [schema, value] as const)),
      ([schema, json]) => {
        for (const target of targets.filter(() => accepts(schema, json)))
          expect(fits(standard(schema, 'input', target), json)).toBe(true);
      },
    ),
    { numRuns: 1000 },
  );
});

test('every value, as a reply has it, fits the output schema', () => {
  fc.assert(
    fc.property(
      sample.chain(({ schema, memory }) => memory.map((value) => [schema, value] as const)),
      ([schema, value]) => {
        for (const target of targets) expect(fits(standard(schema, 'output', target), replied(value))).toBe(true);
      },
    ),
    { numRuns: 1000 },
  );
});

describe('what it looks like', () => {
  const Money = t.record('Money', { cents: t.integer({ min: 0 }), currency: t.enum('Currency', ['EUR', 'USD']) });
  const By = t.union('kind', { card: { last4: t.string({ pattern: /[0-9]{4}/ }) }, cash: {} });
  const wholeCents = {
    anyOf: [
      { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      { type: 'string', pattern: '^(?:0|[1-9][0-9]{0,15})$' },
    ],
  };

  test('a record: every field required, no others', () => {
    expect(t.jsonSchema(Money)).toEqual({
      type: 'object',
      title: 'Money',
      properties: { cents: wholeCents, currency: { type: 'string', title: 'Currency', enum: ['EUR', 'USD'] } },
      required: ['cents', 'currency'],
      additionalProperties: false,
    });
  });

  test('a union: one of its records, the tag a constant', () => {
    expect(t.jsonSchema(t.nullable(By))).toMatchObject({
      oneOf: [
        { properties: { kind: { const: 'card' }, last4: { pattern: '^(?:[0-9]{4})$' } }, required: ['kind', 'last4'] },
        { properties: { kind: { const: 'cash' } }, required: ['kind'] },
        { type: 'null' },
      ],
    });
  });

  test('null beside a type, an enum and a choice', () => {
    const currency = t.nullable(t.enum('Currency', ['EUR']));
    expect(t.jsonSchema(t.nullable(t.string({ max: 5 })))).toEqual({ type: ['string', 'null'], maxLength: 5 });
    expect(t.jsonSchema(currency)).toEqual({ type: ['string', 'null'], title: 'Currency', enum: ['EUR', null] });
    expect(t.jsonSchema(t.nullable(t.integer({ min: 0 })))).toEqual({ anyOf: [...wholeCents.anyOf, { type: 'null' }] });
    expect(standard(currency, 'input', 'openapi-3.0')).toEqual({
      type: 'string',
      nullable: true,
      title: 'Currency',
      enum: ['EUR', null],
    });
    expect(standard(t.nullable(t.long()), 'input', 'openapi-3.0')).toMatchObject({
      anyOf: [{ type: 'integer' }, { type: 'string' }, { type: 'string', nullable: true, enum: [null] }],
    });
  });

  test('a default of readers changes nothing: the edge gives the field', () => {
    const schema = t.record('R', { since: t.withDefault(t.date(), '2026-01-01') });
    expect(t.jsonSchema(schema)).toMatchObject({ required: ['since'] });
  });

  test('a reply: a long as text, an integer as a number, no constraints, open to further fields', () => {
    const schema = t.record('R', { n: t.integer({ min: 3 }), big: t.long(), name: t.string({ max: 3 }) });
    expect(standard(schema, 'output', 'openapi-3.0')).toEqual({
      type: 'object',
      title: 'R',
      properties: {
        n: { type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
        big: { type: 'string', pattern: '^(?:0|-?[1-9][0-9]{0,18})$' },
        name: { type: 'string' },
      },
      required: ['n', 'big', 'name'],
    });
  });

  test('fields named as keywords are fields', () => {
    const schema = t.record('R', { type: t.nullable(t.boolean()), enum: t.uuid(), required: t.array(t.boolean()) });
    expect(standard(schema, 'input', 'openapi-3.0')).toMatchObject({
      properties: { type: { type: 'boolean', nullable: true }, enum: { format: 'uuid' }, required: { type: 'array' } },
    });
  });

  test('what is handed out is the caller’s: changing it changes no other', () => {
    const first = t.jsonSchema(Money) as { properties: { currency: { enum: string[] } } };
    first.properties.currency.enum.push('CHF');
    expect(accepts(Money, { cents: 1, currency: 'CHF' })).toBe(false);
    expect(t.jsonSchema(Money)).toMatchObject({ properties: { currency: { enum: ['EUR', 'USD'] } } });
  });

  test('another target is refused by name', () => {
    expect(() => Money['~standard'].jsonSchema.input({ target: 'draft-04' })).toThrow(
      expect.objectContaining({
        code: 'LF_JSON_SCHEMA_TARGET',
        message: "no JSON Schema for the target 'draft-04'; known: draft-2020-12, draft-07, openapi-3.0, openapi-3.1",
      }),
    );
  });
});

test.each<[string, t.AnySchema, Json, boolean]>([
  ['NUL in text', t.string(), 'a\0', false],
  ['a lone surrogate in text', t.string(), '\ud800', false],
  ['NUL in a key', t.map(t.int()), { '\0': 1 }, false],
  ['a long beyond its range', t.long(), '9999999999999999999', false],
  ['an integer beyond its range', t.integer(), '9999999999999999', false],
  ['an instant of the year −1', t.timestampMillis(), '0000-01-01T00:00:00+01:00', false],
  ['an instant without seconds', t.timestampMillis(), '2026-11-22T01:02Z', true],
])('said otherwise than the edge has it, as documented: %s', (_, schema, json, taken) => {
  expect(accepts(schema, json)).toBe(taken);
  expect(fits(t.jsonSchema(schema), json)).toBe(!taken);
});
