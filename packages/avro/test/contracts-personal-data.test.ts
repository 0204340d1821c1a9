// Personal data on the wire: its marks, and that what will take its place one day needs nothing changed. Decision 0026.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncApi, avro, catalogueMarkdown, fileRegistry } from '@leftfold/avro';
import { decodeStored, event, resolveAvro, t, versionsOf, type WriterSchema } from '@leftfold/core';
import { jsonCodec, type Codec } from '@leftfold/subscriptions';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OPTIONS, placed, SHOP } from './contracts-catalogue.ts';

const latest = versionsOf(placed)[2]!;
const writer: WriterSchema = latest.writer;
/** A payload of it with this text in every personal place, in stored JSON form. */
const stored = (text: string): object => ({
  orderId: '0198a1b2-0000-7000-8000-00000000000a',
  customerId: '0198a1b2-0000-7000-8000-00000000000b',
  total: { cents: '5', currency: 'EUR' },
  discount: null,
  tax: '0.1900',
  at: '2026-01-02T03:04:05.678Z',
  due: null,
  raw: 'AQI=',
  tags: [],
  shipTo: { street: text, country: 'DE' },
  billTo: { street: text, country: 'DE' },
  people: [{ email: text, age: 3 }],
  contacts: { first: text },
  paidBy: { kind: 'bank-transfer', iban: text },
  note: text,
});
/** As encryption will write it, longer than the text may be that it stands for. */
const CIPHERTEXT = `lf1:${'Zm9v'.repeat(120)}`;

let folder: string;
let codecs: { readonly [name: string]: Codec };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'personal-'));
  const registry = fileRegistry(folder);
  await registry.register('shop.order.PlacedV3', JSON.stringify(writer.avro));
  codecs = { Avro: avro({ registry }), JSON: jsonCodec() };
  for (const codec of Object.values(codecs)) {
    await codec.prepare({ writers: [writer] });
    const value = codec.encode(JSON.stringify(stored('Ada')), writer);
    await codec.prepare({ records: [{ value, headers: { 'content-type': codec.contentType } }] });
  }
});
afterAll(() => rm(folder, { recursive: true }));
const codecOf = (name: string): Codec => codecs[name] as Codec;

describe('the marks of personal data', () => {
  test('stand in the text that the log and a registry keep, so that a reader of any language knows them', async () => {
    const [registered] = await fileRegistry(folder).versions('shop.order.PlacedV3');
    const text = registered?.avro ?? '';
    expect(JSON.parse(text)).toEqual(writer.avro);
    expect(JSON.parse(text)).toMatchObject({ name: 'PlacedV3', namespace: 'shop.order', subject: 'customerId' });
    expect(text.match(/\{"type":"string","personal":true,"erasedAs":"\(erased\)"\}/g)).toHaveLength(6);
  });
  test('come from that very text into both contracts', () => {
    const document = JSON.stringify(asyncApi(SHOP, OPTIONS));
    expect(document).toContain(
      '"x-subject":"customerId","x-personal":[{"field":"shipTo.street","erasedAs":"(erased)"}',
    );
    expect(document).toContain(JSON.stringify(writer.avro));
    expect(catalogueMarkdown(SHOP, OPTIONS)).toContain(
      '| `paidBy(bank-transfer).iban` | `customerId` | `"(erased)"` |',
    );
  });
  test('may be put on a field that was released without: neither text keeps the other from being read', () => {
    const of = (name: t.AnySchema, subject: object) =>
      versionsOf(event('a.b.c', { id: t.string(), name }, subject as never))[0]!.writer.avro;
    const before = of(t.string(), {});
    const after = of(t.personal(t.string(), { erasedAs: '' }), { subject: 'id' });
    expect(after).not.toEqual(before);
    for (const [from, to] of [
      [before, after],
      [after, before],
    ] as const)
      expect(resolveAvro(from, to).findings).toEqual([]);
  });
});

describe.each(['Avro', 'JSON'])('what will take the place of personal data, in %s', (name) => {
  test('goes over the wire under the schemas of today, and comes out as it went in', () => {
    const codec = codecOf(name);
    const text = JSON.stringify(stored(CIPHERTEXT));
    const value = codec.encode(text, writer);
    const headers = { 'content-type': codec.contentType };
    const fromTopic = codec.decode({ value, headers }, latest.schema);
    expect(fromTopic).toEqual(decodeStored(placed, writer, text));
    expect(JSON.stringify(fromTopic).match(/lf1:/g)).toHaveLength(6);
  });
});

describe.each(['Avro', 'JSON'])('errors of the codec for %s', (name) => {
  const secret = 'Lovelace';
  const message = (call: () => unknown): string => {
    try {
      call();
    } catch (error) {
      const texts: string[] = [];
      for (let at: unknown = error; at instanceof Error; at = at.cause)
        texts.push(`${at.message} ${JSON.stringify(at)}`);
      return texts.join('\n');
    }
    return '';
  };
  test('repeat no part of a value that cannot be decoded', () => {
    const codec = codecOf(name);
    const headers = { 'content-type': codec.contentType };
    const whole = codec.encode(JSON.stringify(stored(secret)), writer);
    const messages = [...whole.keys()].map((end) =>
      message(() => codec.decode({ value: whole.subarray(0, end), headers }, latest.schema)),
    );
    // The whole value less a byte is never a value, and its schema is known: it is the bytes that are refused.
    expect(messages.filter((text) => text === '')).toEqual([]);
    if (name === 'Avro')
      expect(messages.filter((text) => /ends before its value/.test(text)).length).toBeGreaterThan(50);
    for (const text of messages) expect(text).not.toContain(secret);
    const flipped = [...whole.keys()].map((at) => {
      const value = whole.slice();
      value[at] = (value[at] ?? 0) ^ 0xff;
      return message(() => codec.decode({ value, headers }, latest.schema));
    });
    for (const text of flipped) expect(text).not.toContain(secret);
  });
  test('repeat no part of a payload that is not as its schema says', () => {
    const broken = [
      { ...stored(secret), note: { [`it`]: secret } },
      { ...stored(secret), people: secret },
      { ...stored(secret), billTo: { street: [secret], country: secret } },
      { ...stored(secret), total: secret },
      { ...stored(secret), paidBy: { kind: secret, iban: secret } },
      { ...stored(secret), due: secret },
      { ...stored(secret), tax: secret },
      secret,
    ];
    const codec = codecOf(name);
    const messages = broken.map((payload) => message(() => codec.encode(JSON.stringify(payload), writer)));
    // JSON goes through as it is; whoever reads it refuses it, see above.
    if (name === 'Avro') expect(messages.filter((text) => text === '')).toEqual([]);
    for (const text of [...messages, message(() => codec.encode(`{"note":"${secret}`, writer))])
      expect(text).not.toContain(secret);
  });
});
