import { expect, test } from 'vitest';
import { encodePayload, resolvePayload, t } from '@leftfold/core';
import { sampleValues } from './sample-values.ts';

const everything = t.record('Everything', {
  yes: t.boolean(),
  int: t.int(),
  long: t.long(),
  double: t.double(),
  text: t.string(),
  bytes: t.bytes(),
  uuid: t.uuid(),
  decimal: t.decimal(9, 2),
  fraction: t.decimal(2, 2),
  whole: t.decimal(3, 0),
  date: t.date(),
  at: t.timestampMillis(),
  currency: t.enum('Currency', ['EUR', 'USD', 'CHF', 'GBP', 'JPY']),
  maybe: t.nullable(t.string()),
  lines: t.array(t.record('Line', { sku: t.string(), price: t.nullable(t.record('Price', { cents: t.long() })) })),
  labels: t.map(t.enum('Label', ['a', 'b', 'c'])),
  paid: t.union('kind', {
    card: { last4: t.string(), brand: t.enum('Brand', ['visa', 'amex', 'other']) },
    transfer: { iban: t.nullable(t.string()) },
    cash: {},
  }),
  perhapsPaid: t.nullable(t.union('how', { now: {}, later: { on: t.date() } })),
  ofDefault: t.withDefault(t.long(), 12n),
});

const samplesOf = (schema: t.AnySchema): readonly t.Json[] =>
  sampleValues(schema.avro).flatMap(({ candidates }) => candidates);
const found = (pattern: RegExp): readonly string[] => [
  ...new Set(JSON.stringify(samplesOf(everything)).match(pattern) ?? []),
];

test('every sample is of the stored JSON form: read and written again it is the same text', () => {
  const samples = samplesOf(everything);
  expect(samples.length).toBeGreaterThan(10);
  for (const json of samples) {
    const text = JSON.stringify(json);
    const read = resolvePayload(everything, { fingerprint: '', avro: everything.avro }, text);
    expect(read).toHaveProperty('value');
    expect(encodePayload(everything, 'value' in read ? read.value : undefined, false)).toEqual({ text });
  }
});

test('every symbol, every branch, null, an empty and a full list, and text beyond ASCII are met', () => {
  expect(found(/(?<="currency":")[A-Z]+/g).toSorted()).toEqual(['CHF', 'EUR', 'GBP', 'JPY', 'USD']);
  expect(found(/(?<="brand":")[a-z]+/g).toSorted()).toEqual(['amex', 'other', 'visa']);
  expect(found(/(?<="kind":")[a-z]+/g).toSorted()).toEqual(['card', 'cash', 'transfer']);
  expect(found(/(?<="how":")[a-z]+/g).toSorted()).toEqual(['later', 'now']);
  expect(found(/"(?:a|ключ 🔑)":"[abc]"/g)).toHaveLength(6);
  expect(found(/"(?:maybe|price|iban|perhapsPaid)":null/g)).toHaveLength(4);
  expect(found(/"lines":\[[\]{]/g)).toHaveLength(2);
  expect(found(/東京/g)).toHaveLength(1);
  expect(found(/"ofDefault":"12"/g)).toHaveLength(1);
});

test('fields of one type have different values, so that an upcaster that mistakes them is seen', () => {
  const two = t.record('Two', { from: t.uuid(), to: t.uuid(), fromName: t.string(), toName: t.string() });
  const [first] = sampleValues(two.avro);
  const values = Object.values(first?.candidates[0] as object);
  expect(new Set(values).size).toBe(values.length);
});

test('the ends are such as a later upcaster can multiply, nearer ones are kept for definitions that take less', () => {
  const { candidates } = sampleValues(everything.avro).find(({ name }) => name === 'greatest') ?? { candidates: [] };
  expect(candidates.map((json) => (json as { readonly long: string }).long)).toEqual(['1000000000000', '1000']);
});

test('samples follow from the text alone and their number is bounded', () => {
  expect(sampleValues(everything.avro)).toEqual(sampleValues(everything.avro));
  const symbols = Array.from({ length: 500 }, (_, i) => `S${i}`);
  const many = t.record('Many', { one: t.enum('Symbol', ['S', ...symbols]) });
  expect(sampleValues(many.avro).length).toBeLessThan(60);
});

test('a record that holds itself has samples with an end', () => {
  const avro = {
    type: 'record',
    name: 'Node',
    fields: [
      { name: 'next', type: ['null', 'Node'], default: null },
      { name: 'below', type: { type: 'array', items: 'Node' } },
    ],
  };
  for (const { candidates } of sampleValues(avro)) expect(JSON.stringify(candidates).length).toBeLessThan(100_000);
});
