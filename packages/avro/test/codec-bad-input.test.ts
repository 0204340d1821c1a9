import { avro } from '@leftfold/avro';
import { encodePayload, t, type WriterSchema } from '@leftfold/core';
import { jsonCodec, type Codec } from '@leftfold/subscriptions';
import avsc from 'avsc';
import { describe, expect, test, vi } from 'vitest';
import { RegistryInMemory } from './codec-registry-in-memory.ts';

// What hazards list as bad input, as a log holds it where something else has written: neither codec lets it reach a handler changed.

const schema = t.record('Note', {
  text: t.string(),
  count: t.integer(),
  size: t.double(),
  at: t.timestampMillis(),
  data: t.bytes(),
  tags: t.map(t.string()),
});
const writer: WriterSchema = {
  type: 'test.note.added',
  version: 1,
  fingerprint: JSON.stringify(schema.avro),
  avro: schema.avro,
};
const encoded = encodePayload(schema, {
  text: 'x',
  count: 1,
  size: 1,
  at: new Date(0),
  data: new Uint8Array(1),
  tags: {},
});
if ('issues' in encoded) throw new Error('the sample fits');
const good: string = encoded.text;
/** The text with the value of a field replaced. */
const having = (field: string, json: string): string =>
  good.replace(new RegExp(`"${field}":(?:"[^"]*"|\\{\\}|[^,}]*)`), () => `"${field}":${json}`);

interface Row {
  readonly what: string;
  readonly payload: string;
  /** What a reader of JSON does: as Avro's resolution has it, it leaves out what it does not know. JSON itself holds half of a surrogate pair. */
  readonly json: 'refused' | 'left out' | 'unchanged';
}
const DEEP = '['.repeat(10_000) + ']'.repeat(10_000);
const rows: readonly Row[] = [
  { what: 'NaN', payload: having('size', 'NaN'), json: 'refused' },
  { what: 'Infinity', payload: having('size', '1e999'), json: 'refused' },
  { what: '-Infinity', payload: having('size', '-1e999'), json: 'refused' },
  { what: 'a number beyond 2^53 for an integer', payload: having('count', '9007199254740993'), json: 'refused' },
  { what: 'a text beyond 2^63 for an integer', payload: having('count', '"9223372036854775808"'), json: 'refused' },
  { what: 'a hole', payload: having('count', 'null'), json: 'refused' },
  { what: 'a missing field', payload: good.replace('"count":"1",', ''), json: 'refused' },
  { what: 'a value 10,000 deep', payload: having('text', DEEP), json: 'refused' },
  { what: 'a Date as an object', payload: having('at', '{}'), json: 'refused' },
  { what: 'a Map as an object', payload: having('count', '{}'), json: 'refused' },
  { what: 'a Buffer as Node writes it', payload: having('data', '{"type":"Buffer","data":[1]}'), json: 'refused' },
  { what: 'the field __proto__', payload: good.replace('{', '{"__proto__":{"polluted":true},'), json: 'left out' },
  { what: 'the field constructor', payload: good.replace('{', '{"constructor":{"polluted":true},'), json: 'left out' },
  { what: 'an undeclared field', payload: good.replace('{', '{"polluted":true,'), json: 'left out' },
  { what: 'the key __proto__', payload: having('tags', '{"__proto__":"x"}'), json: 'refused' },
  { what: 'the key constructor', payload: having('tags', '{"constructor":"x"}'), json: 'refused' },
  { what: 'a key with NUL', payload: having('tags', '{"\\u0000":"x"}'), json: 'refused' },
  { what: 'half of a surrogate pair', payload: having('text', JSON.stringify('a\ud800b')), json: 'unchanged' },
  { what: 'the other half of a surrogate pair', payload: having('text', JSON.stringify('\ude00')), json: 'unchanged' },
  { what: 'a key with half of a surrogate pair', payload: having('tags', '{"\\ud800":"x"}'), json: 'refused' },
  { what: 'a byte of NUL in a text', payload: having('text', '"a\0b"'), json: 'refused' },
  { what: 'a text that is cut', payload: good.slice(0, -1), json: 'refused' },
  { what: 'two texts', payload: good + good, json: 'refused' },
  { what: 'no text', payload: '', json: 'refused' },
];

/** Encodes and decodes; answers the value, or the code of the refusal. */
async function through(codec: Codec, payload: string): Promise<unknown> {
  await codec.prepare({ writers: [writer] });
  try {
    const record = { value: codec.encode(payload, writer), headers: { 'content-type': codec.contentType } };
    await codec.prepare({ records: [record] });
    return codec.decode(record, schema);
  } catch (error) {
    return (error as { readonly code?: string }).code ?? error;
  }
}

describe.each(rows)('$what', ({ payload, json }) => {
  test('is encoded as no Avro, and what follows is as it should be', async () => {
    const codec = avro({ registry: new RegistryInMemory(), register: true });
    expect(await through(codec, payload)).toBe('LF_PAYLOAD_UNENCODABLE');
    expect(await through(codec, good)).toMatchObject({ text: 'x', count: 1 });
    expect(({} as { readonly polluted?: unknown }).polluted).toBeUndefined();
  });
  test(`is ${json} as JSON`, async () => {
    const read = await through(jsonCodec(), payload);
    if (json === 'refused') expect(read).toBe('LF_RECORD_UNDECODABLE');
    else if (json === 'unchanged') expect(read).toMatchObject({ text: (JSON.parse(payload) as { text: string }).text });
    else {
      expect(read).toEqual(await through(jsonCodec(), good));
      expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    }
    expect(({} as { readonly polluted?: unknown }).polluted).toBeUndefined();
  });
});

const NFC = 'caf\u00e9';
const NFD = 'cafe\u0301';
/** What the log may hold, and what NUL is once bytes were read as text: a codec is no place to mend it. */
const texts: readonly (readonly [what: string, text: string])[] = [
  ['a text in NFC', NFC],
  ['its twin in NFD', NFD],
  ['right-to-left text with its marks', '\u202bשלום \u200fעולם, مرحبا\u202c 123'],
  ['an emoji of one character', '😀'],
  ['an emoji of seven characters', '👩🏽‍👩🏽‍👧'],
  ['NUL', 'a\0b'],
  ['nothing but NUL', '\0'],
  ['a byte order mark', '\ufeffa'],
  ['2 MB of one-byte characters', 'x'.repeat(2_000_000)],
  ['2 MB of four-byte characters', '😀'.repeat(500_000)],
];
const codecs: readonly (readonly [name: string, make: () => Codec])[] = [
  ['Avro', () => avro({ registry: new RegistryInMemory(), register: true })],
  ['JSON', jsonCodec],
];

describe.each(codecs)('%s', (name, make) => {
  test.each(texts)('%s is read as it was written, to the character', async (_, text) => {
    const codec = make();
    const read = (await through(codec, having('text', JSON.stringify(text)))) as { readonly text: string };
    expect(read).toHaveProperty('text');
    // Compared here: two megabytes are nothing to print.
    expect([read.text === text, read.text.length]).toEqual([true, text.length]);
    // By whatever reads it: the bytes are those of the text.
    const bytes = Buffer.from(codec.encode(having('text', JSON.stringify(text)), writer));
    const stored = name === 'Avro' ? text : JSON.stringify(text);
    expect(bytes.includes(Buffer.from(stored))).toBe(true);
    expect(await through(codec, good)).toMatchObject({ text: 'x', count: 1 });
  });
  test('twins in NFC and NFD are two keys of a map', async () => {
    const tags = { [NFC]: 'composed', [NFD]: 'decomposed', '😀': 'emoji', שלום: 'right to left' };
    expect(await through(make(), having('tags', JSON.stringify(tags)))).toMatchObject({ tags });
  });
});

test('the place of a fault is found without making types for each item, so that a relay does not stand still', async () => {
  const lines = t.record('Lines', { lines: t.array(t.record('Line', { sku: t.string(), counts: t.map(t.int()) })) });
  const of: WriterSchema = { ...writer, fingerprint: JSON.stringify(lines.avro), avro: lines.avro };
  const codec = avro({ registry: new RegistryInMemory(), register: true });
  await codec.prepare({ writers: [of] });
  const made = vi.spyOn(avsc.Type, 'forSchema');
  try {
    const payload = `{"lines":[${'{"sku":"a","counts":{"b":1}},'.repeat(1_000)}{"sku":"a","counts":{"b":1.5}}]}`;
    expect(() => codec.encode(payload, of)).toThrow(expect.objectContaining({ path: 'lines[1000].counts{"b"}' }));
    expect(made.mock.calls.length).toBeLessThan(100);
  } finally {
    made.mockRestore();
  }
});

test('a payload that is refused behind a megabyte leaves nothing in what is encoded next', async () => {
  const list = t.record('List', { list: t.array(t.string()), end: t.int() });
  const of: WriterSchema = { ...writer, fingerprint: JSON.stringify(list.avro), avro: list.avro };
  const codec = avro({ registry: new RegistryInMemory(), register: true });
  await codec.prepare({ writers: [of, writer] });
  const before = [codec.encode('{"list":["x"],"end":1}', of), codec.encode(good, writer)].map(hexOf);
  const long = JSON.stringify(Array.from({ length: 20 }, () => 'y'.repeat(60_000)));
  expect(() => codec.encode(`{"list":${long},"end":1.5}`, of)).toThrow(expect.objectContaining({ path: 'end' }));
  expect([codec.encode('{"list":["x"],"end":1}', of), codec.encode(good, writer)].map(hexOf)).toEqual(before);
  expect(codec.encode(`{"list":${long},"end":1}`, of).length).toBeGreaterThan(1_200_000);
  expect([codec.encode('{"list":["x"],"end":1}', of), codec.encode(good, writer)].map(hexOf)).toEqual(before);
});
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
