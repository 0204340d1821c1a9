import { describe, expect, test, vi } from 'vitest';
import { resolvePayload, t, type Json } from './index.ts';
import * as resolution from './avro/resolve-avro.ts';

const writerOf = (schema: t.AnySchema, fingerprint: string) => ({ fingerprint, avro: structuredClone(schema.avro) });
const Old = t.record('A', { n: t.int(), gone: t.string(), tags: t.array(t.string()) });

describe('a stored text is read', () => {
  test('by the schema it was written with', () => {
    const reader = t.record('B', { n: t.long(), tags: t.array(t.bytes()), more: t.withDefault(t.array(t.int()), [1]) });
    const writer = writerOf(Old, 'old');
    const text = '{"n":5,"gone":"x","tags":["a"]}';
    const [one, other] = [1, 2].map(() => resolvePayload(reader, writer, text) as { value: { more: unknown } });
    expect(one).toEqual({ value: { n: 5n, tags: [Uint8Array.of(97)], more: [1] } });
    expect(other?.value.more).not.toBe(one?.value.more);
  });
  test('with the very text on both sides, by the reader alone, as leniently as ever', () => {
    const reader = t.record('R', { a: t.withDefault(t.string(), 'x'), n: t.integer() });
    for (const writer of [{ fingerprint: 'f', avro: reader.avro }, writerOf(reader, 'g')])
      expect(resolvePayload(reader, writer, '{"n":5}')).toEqual({ value: { a: 'x', n: 5 } });
  });
  test('to what is personal from what was not, and back', () => {
    const [open, personal] = [
      t.record('R', { a: t.string() }),
      t.record('R', { a: t.personal(t.string(), { erasedAs: '' }) }),
    ];
    expect(resolvePayload(personal, writerOf(open, 'open'), '{"a":"x"}')).toEqual({ value: { a: 'x' } });
    expect(resolvePayload(open, writerOf(personal, 'personal'), '{"a":"x"}')).toEqual({ value: { a: 'x' } });
  });
});

describe('what cannot be read is told as issues, never thrown', () => {
  const Reader = t.record('R', { n: t.integer(), s: t.nullable(t.string()) });
  test.each<[string, Json, string, RegExp]>([
    [
      'a pair that no rule allows',
      t.record('R', { n: t.string() }).avro,
      '{"n":"x"}',
      /^n string cannot be read as long; /,
    ],
    ['a text of the writer that is no Avro', { type: 'nothing' }, '{}', /no Avro schema/],
    ['a payload that is no JSON', Old.avro, '{"n":', /^is no JSON$/],
    ['a payload that is not of its writer', Old.avro, '{"n":"five"}', /^n expected a whole number/],
    ['a payload that lacks a field of its writer', Old.avro, '{}', /^n is missing$/],
    ['a payload that is a list', Old.avro, '[]', /expected an object/],
    [
      'bytes that are no base64',
      t.record('R', { n: t.int(), s: t.bytes() }).avro,
      '{"n":1,"s":"é"}',
      /^s expected a string, got an object/,
    ],
    [
      'a long that the reader cannot hold',
      t.record('R', { n: t.long() }).avro,
      '{"n":"9007199254740993"}',
      /^n expected a whole number/,
    ],
  ])('%s', (_, avro, text, message) => {
    const read = resolvePayload(Reader, { fingerprint: JSON.stringify(avro), avro }, text);
    if ('value' in read) throw new Error('it was read');
    expect(read.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`.trim())[0]).toMatch(message);
  });
});

test('A1 a pair is resolved once, by the fingerprint of the writer and the reader itself', () => {
  const resolve = vi.spyOn(resolution, 'resolveAvro');
  const reader = t.record('R', { n: t.long() });
  for (let i = 0; i < 3; i++) resolvePayload(reader, writerOf(Old, 'once'), '{"n":1,"gone":"","tags":[]}');
  for (let i = 0; i < 3; i++) resolvePayload(reader, writerOf(t.record('R', { n: t.string() }), 'never'), '{"n":""}');
  expect(resolve).toHaveBeenCalledTimes(2);
  resolvePayload(t.record('R', { n: t.long() }), writerOf(Old, 'once'), '{"n":1,"gone":"","tags":[]}');
  expect(resolve).toHaveBeenCalledTimes(3);
  resolve.mockRestore();
});
