import { readFileSync } from 'node:fs';
import { SchemaRegistry as KafkaJsRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { avro } from '@leftfold/avro';
import { resolvePayload, t, type WriterSchema } from '@leftfold/core';
import type { Codec } from '@leftfold/subscriptions';
import avsc from 'avsc';
import { expect, test } from 'vitest';
import { RegistryInMemory } from './codec-registry-in-memory.ts';

/** Made by fastavro/make-fixture.py. */
const fixture = JSON.parse(readFileSync(new URL('fastavro/fixture.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly { readonly what: string; readonly schema: t.Json; readonly values: readonly Sample[] }[];
  readonly resolved: readonly {
    readonly what: string;
    readonly writer: t.Json;
    readonly reader: t.Json;
    readonly values: readonly (Sample & { readonly read: t.Json })[];
  }[];
};
interface Sample {
  readonly payload: t.Json;
  readonly hex: string;
}

const one = (a: t.AnySchema): t.AnySchema => t.record('One', { a });
const money = () => t.record('Money', { cents: t.integer(), currency: t.enum('Currency', ['EUR', 'USD']) });
const paid = t.union('paid', { card: { last4: t.string() }, transfer: { iban: t.string(), on: t.date() } });
/** The same schemas, as `t` says them. */
const schemas: { readonly [what: string]: t.AnySchema } = {
  string: one(t.string()),
  boolean: one(t.boolean()),
  int: one(t.int()),
  long: one(t.long()),
  double: one(t.double()),
  bytes: one(t.bytes()),
  uuid: one(t.uuid()),
  decimal: one(t.decimal(9, 2)),
  'decimal, a byte longer': one(t.decimal(9, 2)),
  'decimal of 38 digits': one(t.decimal(38, 9)),
  date: one(t.date()),
  'timestamp-millis': one(t.timestampMillis()),
  enum: one(t.enum('Currency', ['EUR', 'USD'])),
  array: one(t.array(t.long())),
  map: one(t.map(t.int())),
  nullable: one(t.nullable(t.string())),
  union: one(paid),
  'nullable union': one(t.nullable(paid)),
  'records in records': t.record('Order', { total: money(), lines: t.array(money()) }),
};
const readers: { readonly [what: string]: t.AnySchema } = {
  'int as long': one(t.long()),
  'int as double': one(t.double()),
  'long as double': one(t.double()),
  'string as bytes': one(t.bytes()),
  'bytes as string': one(t.string()),
  'a symbol that the reader lacks': one(t.enum('E', ['A', 'B'])),
  'a value as nullable': one(t.nullable(t.string())),
  'a further branch': one(paid),
  'fields that came, went and moved': t.record('One', {
    b: t.array(money()),
    f: t.withDefault(t.long(), -7n),
    a: t.string(),
  }),
};
const named = (list: { readonly [what: string]: t.AnySchema }, what: string): t.AnySchema => {
  const found = list[what];
  if (found === undefined) throw new Error(`the fixture has a case '${what}' that this test does not know`);
  return found;
};

const writerOf = (json: t.Json): WriterSchema => ({
  type: 'test.thing.happened',
  version: 1,
  fingerprint: JSON.stringify(json),
  avro: json,
});

/** A codec that knows this schema, under the id 1. */
async function codecFor(writer: WriterSchema): Promise<Codec> {
  const codec = avro({ registry: new RegistryInMemory(), register: true });
  await codec.prepare({ writers: [writer] });
  await codec.prepare({ records: [record('')] });
  return codec;
}
const record = (hex: string) => ({
  value: Buffer.from(`0000000001${hex}`, 'hex'),
  headers: { 'content-type': 'application/avro' },
});

test.each(fixture.cases)('$what: the bytes are those of fastavro, and are read back', async (given) => {
  const schema = named(schemas, given.what);
  expect(schema.avro).toEqual(given.schema);
  const writer = writerOf(given.schema);
  const codec = await codecFor(writer);
  expect(given.values.length).toBeGreaterThan(0);
  for (const { payload, hex } of given.values) {
    const text = JSON.stringify(payload);
    const ours = Buffer.from(codec.encode(text, writer));
    if (given.what.endsWith('a byte longer')) expect(ours.length).toBe(record(hex).value.length - 1);
    else expect(ours.toString('hex')).toBe(record(hex).value.toString('hex'));
    expect({ value: codec.decode(record(hex), schema) }).toEqual(resolvePayload(schema, writer, text));
  }
});

test.each(fixture.resolved)('$what: read as fastavro reads it', async (given) => {
  const reader = named(readers, given.what);
  expect(reader.avro).toEqual(given.reader);
  const writer = writerOf(given.writer);
  const codec = await codecFor(writer);
  for (const { payload, hex, read } of given.values) {
    expect(Buffer.from(codec.encode(JSON.stringify(payload), writer)).toString('hex')).toBe(
      record(hex).value.toString('hex'),
    );
    expect({ value: codec.decode(record(hex), reader) }).toEqual(
      resolvePayload(reader, writerOf(given.reader), JSON.stringify(read)),
    );
  }
});

test('what @kafkajs/confluent-schema-registry writes is read, and it reads what is written', async () => {
  const schema = t.record('Placed', { id: t.uuid(), total: money(), note: t.nullable(t.string()), quantity: t.int() });
  const writer = writerOf(schema.avro);
  const codec = await codecFor(writer);
  // Its part that asks a registry is left out: what it would have fetched is put in its cache.
  const kafkajs = new KafkaJsRegistry({ host: 'http://127.0.0.1:1' });
  kafkajs.cache.setSchema(1, SchemaType.AVRO, avsc.Type.forSchema(structuredClone(schema.avro) as avsc.Schema));
  const value = {
    id: '01890a5d-ac96-774b-bcce-b302099a8057',
    total: { cents: 7, currency: 'USD' },
    note: 'x',
    quantity: 3,
  };

  const theirs = await kafkajs.encode(1, value);
  expect(codec.decode({ value: theirs, headers: { 'content-type': codec.contentType } }, schema)).toEqual(value);

  const ours = codec.encode(JSON.stringify({ ...value, total: { ...value.total, cents: '7' } }), writer);
  expect(Buffer.from(ours)).toEqual(theirs);
  expect(await kafkajs.decode(Buffer.from(ours))).toMatchObject(value);
});
