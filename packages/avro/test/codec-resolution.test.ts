import { avro } from '@leftfold/avro';
import { encodePayload, resolvePayload, t, type WriterSchema } from '@leftfold/core';
import type { Codec } from '@leftfold/subscriptions';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { expect, test } from 'vitest';
import { schemaOf } from './codec-models.ts';
import { models } from './drawn-models.ts';
import { pairs } from './edited-models.ts';
import { valuesOf } from './model-values.ts';
import { RegistryInMemory } from './codec-registry-in-memory.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 500);

test('every value of every schema comes back from its bytes', async () => {
  await fc.assert(
    fc.asyncProperty(
      models.chain((model) => fc.tuple(fc.constant(model), valuesOf(model))),
      async ([model, value]) => {
        const schema = schemaOf(model);
        assert.deepStrictEqual((await throughBytes(textOf(schema, value), schema, schema)).value, value);
      },
    ),
    { numRuns: RUNS },
  );
});

test('a payload reads the same from the log and from a topic, or from neither', async () => {
  let [readable, refused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(
      pairs.chain(([one, other]) => fc.tuple(fc.constant(one), fc.constant(other), valuesOf(one), valuesOf(other))),
      async ([one, other, ofOne, ofOther]) => {
        const [a, b] = [schemaOf(one), schemaOf(other)];
        for (const [writer, reader, value] of [
          [a, b, ofOne],
          [b, a, ofOther],
        ] as const) {
          const text = textOf(writer, value);
          const fromLog = resolvePayload(reader, writerOf(writer), text);
          const fromTopic = await throughBytes(text, writer, reader);
          if ('issues' in fromLog) {
            refused += 1;
            expect(fromTopic.code, JSON.stringify(fromLog.issues)).toBe('LF_RECORD_UNDECODABLE');
          } else {
            readable += 1;
            assert.deepStrictEqual(fromTopic, fromLog);
          }
        }
      },
    ),
    { numRuns: RUNS },
  );
  // Both happen, else this shows nothing.
  expect(Math.min(readable, refused)).toBeGreaterThan(RUNS / 10);
});

/** Schemas that `t` never makes: of other teams, and with a text for each value in stored JSON form. */
const record = (...fields: readonly (readonly [name: string, type: t.Json])[]): t.Json => ({
  type: 'record',
  name: 'Root',
  namespace: 'a.b',
  fields: fields.map(([name, type]) => ({ name, type })),
});
const one = (a: t.AnySchema): t.AnySchema => t.record('One', { a });
const foreign: readonly (readonly [what: string, writer: t.Json, payload: string, reader: t.AnySchema])[] = [
  ['float as double', record(['a', 'float']), '{"a":0.10000000149011612}', one(t.double())],
  ['float as nullable double', record(['a', 'float']), '{"a":1.5}', one(t.nullable(t.double()))],
  [
    'fixed, which no reader has',
    record(['a', 'int'], ['b', { type: 'fixed', name: 'F', size: 2 }]),
    '{"a":1,"b":"AAE="}',
    one(t.int()),
  ],
  ['fixed as bytes', record(['a', { type: 'fixed', name: 'F', size: 2 }]), '{"a":"AAE="}', one(t.bytes())],
  ['a union of plain types, all readable', record(['a', ['int', 'double']]), '{"a":1}', one(t.double())],
  ['a union of plain types, one not', record(['a', ['int', 'string']]), '{"a":1}', one(t.int())],
  ['null or more, all readable', record(['a', ['null', 'int', 'long']]), '{"a":"5"}', one(t.nullable(t.long()))],
  ['null for what cannot be null', record(['a', ['null', 'int']]), '{"a":null}', one(t.int())],
  [
    'a namespace on a part',
    record(['a', { type: 'record', name: 'x.y.Money', fields: [{ name: 'cents', type: 'int' }] }]),
    '{"a":{"cents":5}}',
    one(t.record('Money', { cents: t.integer() })),
  ],
  [
    'two names alike but for the namespace',
    record(['a', { type: 'enum', name: 'x.E', symbols: ['A'] }], ['b', { type: 'enum', name: 'y.E', symbols: ['B'] }]),
    '{"a":"A","b":"B"}',
    t.record('One', { a: t.enum('E', ['A']), b: t.withDefault(t.int(), 1) }),
  ],
  [
    'a name that another part has',
    record(['a', { type: 'record', name: 'Cash', fields: [] }]),
    '{"a":{}}',
    one(t.record('Money', {})),
  ],
  [
    'a variant without a tag',
    record(['a', [{ type: 'record', name: 'ByCard', fields: [{ name: 'n', type: 'int' }] }]]),
    '{"a":{"n":1}}',
    one(t.union('by', { card: { n: t.int() } })),
  ],
  [
    "a variant with a field of the tag's name",
    record(['a', [{ type: 'record', name: 'ByCard', fields: [{ name: 'by', type: 'string' }] }]]),
    '{"a":{"by":"someone"}}',
    one(t.union('by', { card: {} })),
  ],
  [
    'a time in microseconds',
    record(['a', { type: 'long', logicalType: 'timestamp-micros' }]),
    '{"a":"5"}',
    one(t.timestampMillis()),
  ],
  [
    'a time in microseconds as a long',
    record(['a', { type: 'long', logicalType: 'timestamp-micros' }]),
    '{"a":"5"}',
    one(t.long()),
  ],
  ['a long for a time', record(['a', 'long']), '{"a":"5"}', one(t.timestampMillis())],
  [
    'a decimal of fewer digits',
    record(['a', { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }]),
    '{"a":"12.50"}',
    one(t.decimal(9, 2)),
  ],
  [
    'a decimal of another scale',
    record(['a', { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 3 }]),
    '{"a":"12.500"}',
    one(t.decimal(9, 2)),
  ],
  [
    'a decimal in fixed bytes',
    record(['a', { type: 'fixed', name: 'F', size: 8, logicalType: 'decimal', precision: 9, scale: 2 }]),
    '{"a":"-12.50"}',
    one(t.decimal(9, 2)),
  ],
  ['text that is no UTF-8, as bytes', record(['a', 'bytes']), '{"a":"/8OkQQ=="}', one(t.string())],
  [
    'a record that holds itself',
    record(['a', 'int'], ['next', ['null', 'a.b.Root']]),
    '{"a":1,"next":{"a":2,"next":null}}',
    one(t.int()),
  ],
];

test.each(foreign)(
  "another team's schema: %s reads the same from the log and from a topic, or from neither",
  async (_, json, text, reader) => {
    const fromLog = resolvePayload(reader, { fingerprint: JSON.stringify(json), avro: json }, text);
    const fromTopic = await throughBytes(text, { avro: json }, reader);
    if ('issues' in fromLog) expect(fromTopic.code, JSON.stringify(fromLog.issues)).toBe('LF_RECORD_UNDECODABLE');
    else assert.deepStrictEqual(fromTopic, fromLog);
  },
);

const writerOf = ({ avro: json }: Pick<t.AnySchema, 'avro'>): WriterSchema => ({
  type: 'test.thing.happened',
  version: 1,
  fingerprint: JSON.stringify(json),
  avro: json,
});

function textOf(schema: t.AnySchema, value: unknown): string {
  const encoded = encodePayload(schema, value);
  if ('issues' in encoded) throw new Error(`refused: ${JSON.stringify(encoded.issues)}`);
  return encoded.text;
}

async function throughBytes(
  text: string,
  written: Pick<t.AnySchema, 'avro'>,
  reader: t.AnySchema,
): Promise<{ readonly value?: unknown; readonly code?: string }> {
  const codec: Codec = avro({ registry: new RegistryInMemory(), register: true });
  const writer = writerOf(written);
  await codec.prepare({ writers: [writer] });
  const encoded = { value: codec.encode(text, writer), headers: { 'content-type': codec.contentType } };
  await codec.prepare({ records: [encoded] });
  try {
    return { value: codec.decode(encoded, reader) };
  } catch (error) {
    return { code: (error as { readonly code: string }).code };
  }
}
